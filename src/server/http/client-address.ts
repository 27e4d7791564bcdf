import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Returns the address by which the requests of a client are counted: an IPv4 address, or the /64 network of an IPv6
 * address, because one client has all addresses of such a network.
 *
 * @param trustedProxies how many proxies in front append the address of their client to `X-Forwarded-For`. With 0 the
 *   header may be forged, so the address of the connection is returned.
 */
export function readClientAddress(request: IncomingMessage, trustedProxies: number): string {
  const peer = request.socket.remoteAddress ?? '';
  if (trustedProxies === 0) return peer.includes(':') ? networkOf(peer) : peer;
  // Node.js joins the lines of a header that was sent several times.
  const header = request.headers['x-forwarded-for'];
  const hops = (typeof header === 'string' ? header : '').split(',');
  // Counts from the right, because the client may have written what stands left of the proxies' entries. An empty entry
  // counts, too: without it an entry of the client would take the place of a proxy's.
  const address = withoutPort(hops.at(-trustedProxies)?.trim() ?? '');
  return networkOf(isIP(address) === 0 ? peer : address);
}

/** Removes the port that some proxies append: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const match = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(hop);
  return match?.[1] ?? match?.[2] ?? hop;
}

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = groupsOf(address);
  const [a, b, c, d, e, f, high = 0, low = 0] = groups;
  // An IPv4-mapped address (RFC 4291, section 2.5.5.2).
  if (a === 0 && b === 0 && c === 0 && d === 0 && e === 0 && f === 0xff_ff) {
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
  }
  const network = groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** Expands an IPv6 address to its eight groups. */
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
