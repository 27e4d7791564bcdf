import { isIP } from 'node:net';
import type { Route } from './exchange.ts';
import { Refusal } from './refusal.ts';

/**
 * Answers to listed names, to the names of this machine and to addresses. A page whose own name is made to point to this
 * machine (DNS rebinding) would otherwise read answers: for the browser they come from the page's origin.
 *
 * @param hosts names without a port, such as `gateway.example.com`
 */
export function allowHosts(route: Route, hosts: readonly string[]): Route {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  return (exchange) => {
    const { host } = exchange.request.headers;
    // Browsers always send one.
    if (host === undefined) return route(exchange);
    const name = nameOf(host);
    if (isIP(name) !== 0 || isOfThisMachine(name) || allowed.has(name)) return route(exchange);
    throw new Refusal(421, 'BAD_REQUEST', 'This host name is not served: add it to ALLOWED_HOSTS.');
  };
}

/** In lower case, without the port, the brackets of an IPv6 address and the dot at the end. */
function nameOf(host: string): string {
  const [, address, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? [];
  return (address ?? name).toLowerCase().replace(/\.$/, '');
}

/** RFC 6761, section 6.3. */
function isOfThisMachine(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}
