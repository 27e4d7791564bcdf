import type { Socket } from 'node:net';
import { authorityOf, authorizationOf } from '../datasources/upstream/transport/route.ts';
import type { Proxy } from '../datasources/upstream/transport/route.ts';
import { openTunnel, ProxyRefusal } from '../datasources/upstream/transport/tunnel.ts';
import type { Connected } from './connection.ts';
import { problem } from './finding.ts';
import type { Verdict } from './finding.ts';
import { codeOf, explainNetworkError } from './network-errors.ts';
import type { Target } from './network-errors.ts';

interface TunnelCheck {
  /** A socket that is connected to the proxy. */
  readonly socket: Socket;
  readonly proxy: Proxy;
  /** The proxy itself. */
  readonly target: Target;
  readonly url: URL;
  readonly limitMs: number;
}

/** Checks whether the proxy connects the gateway to Bluejay. */
export async function checkTunnel({ socket, proxy, target, url, limitMs }: TunnelCheck): Promise<Connected> {
  const authority = authorityOf(url);
  const verdict = await openTunnel({
    socket,
    authority,
    headers: authorizationOf(proxy),
    timeoutMs: limitMs,
  }).then(
    (): Verdict => ({ outcome: 'ok', text: `${target.host} opens a tunnel to ${authority}` }),
    (error: unknown) =>
      error instanceof ProxyRefusal
        ? explainProxyRefusal(error.status)
        : explainNetworkError(codeOf(error), target),
  );
  return { verdict, socket };
}

/** Explains the status of a proxy to the operator. */
export function explainProxyRefusal(status: number): Verdict {
  if (status === 407) {
    return problem(
      'The proxy wants a user and a password, or refuses the ones that it gets.',
      'Put them into HTTPS_PROXY or HTTP_PROXY: http://user:password@host:port, with the special characters percent-encoded.',
    );
  }
  if (status >= 500) {
    return problem(
      `The proxy does not get through to Bluejay (HTTP ${status}).`,
      'Check the host and port in BLUEJAY_BASE_URL; if they are right, ask whoever runs the proxy.',
    );
  }
  return problem(
    `The proxy refuses to connect to Bluejay (HTTP ${status}).`,
    "Ask whoever runs it to permit Bluejay's host; if it is not needed, name that host in NO_PROXY.",
  );
}
