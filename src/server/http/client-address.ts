import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whose requests are counted together: an IPv4 address, or the /64 network of an IPv6 address, of which one
 * client has 2⁶⁴.
 *
 * @param trustedProxies how many proxies stand in front, each of which adds to `X-Forwarded-For` the address that it
 *   got the request from. With 0 anybody may have written the header, and the connection's address counts.
 */
export function readClientAddress(request: IncomingMessage, trustedProxies: number): string {
  const peer = request.socket.remoteAddress ?? '';
  if (trustedProxies === 0) return networkOf(peer);
  // Node.js joins the lines of a header that was sent several times.
  const header = request.headers['x-forwarded-for'];
  const hops = (typeof header === 'string' ? header : '').split(',');
  // From the right: what stands left of the proxies' own entries anybody may have written. An empty entry counts as
  // one, or an entry of the client's would move into the place of a proxy's.
  const address = withoutPort(hops.at(-trustedProxies)?.trim() ?? '');
  return networkOf(isIP(address) === 0 ? peer : address);
}

/** Some proxies add the port that the request came from: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const match = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(hop);
  return match?.[1] ?? match?.[2] ?? hop;
}

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = groupsOf(address);
  const [a, b, c, d, e, f, high = 0, low = 0] = groups;
  // An IPv4 address as IPv6 sockets see it (RFC 4291, section 2.5.5.2).
  if (a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && f === 0xff_ff) {
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
  }
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** The eight groups of an IPv6 address, however it is written. */
function groupsOf(address: string): number[] {
  const [text = ''] = address.split('%');
  const [left = [], right = []] = text.split('::').map(parseGroups);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0);
  return [...left, ...zeros, ...right];
}

function parseGroups(text: string): number[] {
  return text.split(':').flatMap((group) => {
    if (group === '') return [];
    if (!group.includes('.')) return Number.parseInt(group, 16);
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
