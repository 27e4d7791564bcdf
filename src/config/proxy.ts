import { BlockList, isIP } from 'node:net';
import * as v from 'valibot';
import type { Proxy } from '../datasources/upstream/transport/route.ts';
import type { ValuesOf, Variable } from './variable.ts';

const proxy = v.pipe(
  v.string(),
  v.transform(parseProxy),
  v.check(
    (value) => value !== undefined,
    'expected the http(s) URL of a proxy, such as http://proxy.example:3128',
  ),
);

/** The names in lower case have precedence, because most programs read these. */
export const proxyVariables = {
  HTTPS_PROXY: {
    alias: 'https_proxy',
    schema: v.optional(proxy),
    default: '',
    description:
      'The proxy for an `https` Bluejay, such as `http://user:password@proxy.example:3128`. `https_proxy` has precedence.',
  },
  HTTP_PROXY: {
    alias: 'http_proxy',
    schema: v.optional(proxy),
    default: '',
    description: 'The proxy for an `http` Bluejay. `http_proxy` has precedence.',
  },
  NO_PROXY: {
    alias: 'no_proxy',
    schema: v.optional(v.string(), ''),
    default: '',
    description:
      'Hosts to reach without the proxy, separated by commas: `example.com` (with its subdomains), `*.example.com` (subdomains only), `10.0.0.0/8`, or `*` for all. A port may follow. `no_proxy` has precedence.',
  },
} as const satisfies Record<string, Variable>;

/** Returns the proxy for a URL; undefined for a direct connection. */
export function resolveProxy(values: ValuesOf<typeof proxyVariables>, url: URL): Proxy | undefined {
  if (isExempt(url, values.NO_PROXY)) return undefined;
  return url.protocol === 'https:' ? values.HTTPS_PROXY : values.HTTP_PROXY;
}

/** @returns undefined where the text is no URL of a proxy */
function parseProxy(value: string): Proxy | undefined {
  // Other programs accept a host and a port without a scheme, too.
  const url = URL.parse(/^[^/?#\s]+:\d+\/?$/.test(value) ? `http://${value}` : value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || /[?#]/.test(value)) {
    return undefined;
  }
  const { origin, username, password } = url;
  if (username === '' && password === '') return { origin, authorization: undefined };
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return { origin, authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  } catch {
    // A malformed percent-encoding.
    return undefined;
  }
}

function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return noProxy.split(/[\s,]+/).some((entry) => {
    // An IPv6 address with a port is in brackets.
    const [, bracketed, named, onlyPort = port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
    const pattern = (bracketed ?? named ?? entry).toLowerCase().replace(/([^*])\.$/, '$1');
    return onlyPort === port && (pattern === '*' || matches(host, pattern));
  });
}

function matches(host: string, pattern: string): boolean {
  const family = isIP(host);
  if (family !== 0) return isInSubnet(host, pattern, family);
  const domain = pattern.replace(/^\*?\./, '');
  return domain !== '' && (host.endsWith(`.${domain}`) || (host === domain && !pattern.startsWith('*')));
}

/** Returns whether an address equals another one, or is in a subnet such as `10.0.0.0/8`. */
function isInSubnet(host: string, subnet: string, family: number): boolean {
  const [address = '', bits] = subnet.split('/');
  const longest = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? longest : Number.parseInt(bits, 10);
  if (isIP(address) !== family || !(prefix >= 0 && prefix <= longest)) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(address, prefix, type);
  return list.check(host, type);
}
