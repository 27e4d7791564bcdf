import { isIP } from 'node:net';
import type { Route } from './exchange.ts';
import { Refusal } from './refusal.ts';

/**
 * Passes requests whose `Host` is a listed name, an address or a name of this machine, and refuses others with 421. This
 * prevents DNS rebinding: a page whose own host name resolves to this machine could read answers as its own origin's.
 *
 * @param hosts names without a port, such as `gateway.example.com`
 */
export function allowHosts(route: Route, hosts: readonly string[]): Route {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  return (exchange) => {
    const { host } = exchange.request.headers;
    // DNS rebinding needs a browser, and browsers always send a `Host`.
    if (host === undefined) return route(exchange);
    const name = nameOf(host);
    if (isIP(name) !== 0 || isOfThisMachine(name) || allowed.has(name)) return route(exchange);
    throw new Refusal(421, 'BAD_REQUEST', 'This host name is not served: add it to ALLOWED_HOSTS.');
  };
}

/** Returns the host in lower case, without the port, the brackets of an IPv6 address and the dot at the end. */
function nameOf(host: string): string {
  const [, address, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? [];
  return (address ?? name).toLowerCase().replace(/\.$/, '');
}

/** Returns whether a name is one of RFC 6761, section 6.3. */
function isOfThisMachine(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}
