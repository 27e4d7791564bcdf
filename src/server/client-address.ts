import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whose requests are counted together: an IPv4 address, or the /64 network of an IPv6 address, of which one
 * client has 2⁶⁴.
 *
 * @param trustedProxies how many proxies stand in front, each of which adds to `X-Forwarded-For` whom it heard.
 *   With 0 the header is the client's own invention, and the socket's address counts.
 */
export function readClientAddress(request: IncomingMessage, trustedProxies: number): string {
  const peer = request.socket.remoteAddress ?? '';
  if (trustedProxies === 0) return networkOf(peer);
  const header = request.headers['x-forwarded-for'];
  const hops = (typeof header === 'string' ? header : '').split(',');
  // From the right: what stands left of the proxies' own entries anybody may have written.
  const address = hops.at(-trustedProxies)?.trim() ?? '';
  return networkOf(isIP(address) === 0 ? peer : address);
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  // An embedded IPv4 address takes the place of two groups.
  const rightGroups = right.length + (right.at(-1)?.includes('.') === true ? 1 : 0);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - rightGroups);
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
