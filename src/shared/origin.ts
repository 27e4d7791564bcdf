/** Such as `http://127.0.0.1:4000`; an IPv6 address gets its brackets. */
export function originOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
