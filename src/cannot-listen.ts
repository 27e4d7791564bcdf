/** @param variables those that the address comes from */
export function cannotListen(host: string, port: number, variables: string) {
  return (cause: NodeJS.ErrnoException): never => {
    const message = `Cannot listen on ${host}:${port}: ${cause.code}. Set ${variables} to an address of this machine that is free.`;
    throw new Error(message, { cause });
  };
}
