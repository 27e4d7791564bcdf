import type { Socket } from 'node:net';
import type { BluejayConfig } from '../config/index.ts';
import { checkConnection, checkTls } from './connection.ts';
import type { Connected } from './connection.ts';
import type { Finding } from './finding.ts';
import type { Target } from './network-errors.ts';
import { checkTunnel } from './proxy.ts';

/** One step of connecting. */
interface Step {
  readonly check: Finding['check'];
  /** @param socket as the former step left it; the first step connects it */
  carryOut(socket: Socket): Promise<Connected>;
}

export interface RoutePlan {
  /** The first peer: Bluejay or a proxy. */
  readonly first: Target;
  readonly steps: readonly Step[];
}

/** Plans the steps of a connection to Bluejay, directly or through a proxy. */
export function planRoute({ baseUrl, proxy }: BluejayConfig, limitMs: number): RoutePlan {
  const url = new URL(baseUrl);
  const isTls = url.protocol === 'https:';
  const bluejay = targetOf(url, 'BLUEJAY_BASE_URL');
  const proxyUrl = proxy && new URL(proxy.origin);
  const first = proxyUrl ? targetOf(proxyUrl, isTls ? 'HTTPS_PROXY' : 'HTTP_PROXY') : bluejay;
  const steps: Step[] = [
    { check: 'connection', carryOut: (socket) => checkConnection(socket, first, limitMs) },
  ];
  if (proxyUrl?.protocol === 'https:') {
    steps.push({ check: 'proxy TLS', carryOut: (socket) => checkTls(socket, first, limitMs) });
  }
  // A proxy forwards plain HTTP without a tunnel; the check of the API tests that.
  if (proxy !== undefined && isTls) {
    steps.push({
      check: 'proxy',
      carryOut: (socket) => checkTunnel({ socket, proxy, target: first, url, limitMs }),
    });
  }
  steps.push({
    check: 'TLS',
    carryOut: async (socket) => (isTls ? checkTls(socket, bluejay, limitMs) : { verdict: noTls, socket }),
  });
  return { first, steps };
}

const noTls = {
  outcome: 'skipped',
  text: 'BLUEJAY_BASE_URL is http: API keys travel unencrypted',
} as const;

function targetOf({ protocol, hostname, port }: URL, variable: Target['variable']): Target {
  return {
    // Node.js expects an IPv6 address without brackets.
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
    variable,
  };
}
