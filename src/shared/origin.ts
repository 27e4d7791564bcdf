/** Returns an origin such as `http://127.0.0.1:4000`, with brackets around an IPv6 address. */
export function originOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
