import { isIPv6 } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { originOf } from './origin.ts';

/**
 * Starts a server. The unspecified address of IPv6, `::`, takes connections of both families; where the
 * kernel has no IPv6 it falls back to `0.0.0.0`, so one setting fits every machine.
 *
 * @param variables the names of the variables that configure the address, for the message
 * @returns the origin, such as `http://127.0.0.1:4000`
 * @throws an Error that names the address, where it is in use or not this machine's
 */
export async function listen(server: Server, host: string, port: number, variables: string): Promise<string> {
  const isUnspecified = isIPv6(host) && /^[0:]+$/.test(host);
  await new Promise<void>((resolve, reject) => {
    // Without a host Node.js falls back to `0.0.0.0`.
    server.once('error', reject).listen(port, isUnspecified ? undefined : host, resolve);
  }).catch((cause: NodeJS.ErrnoException) => {
    const address = originOf(host, port).replace('http://', '');
    const message = `Cannot listen on ${address}: ${cause.code}. Set ${variables} to an address of this machine that is free.`;
    throw new Error(message, { cause });
  });
  const { address, port: actual } = server.address() as AddressInfo;
  return originOf(isUnspecified ? address : host, actual);
}
