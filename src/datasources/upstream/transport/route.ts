import type { Socket } from 'node:net';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import { dropInterimResponses } from './interim-responses.ts';
import { openTunnel } from './tunnel.ts';

/** An HTTP proxy between the gateway and the upstream. */
export interface Proxy {
  /** Without the credentials of its URL, so that it can be logged. */
  readonly origin: string;
  /** Sent to the proxy alone, as `proxy-authorization`. */
  readonly authorization: string | undefined;
}

export interface RouteOptions {
  /** Of the upstream: origin and optional path prefix, without a trailing slash. */
  readonly baseUrl: string;
  readonly proxy: Proxy | undefined;
  /** The longest that each step of connecting may take: TCP, the proxy's tunnel, TLS. */
  readonly connectTimeoutMs: number;
}

/** The way to the upstream: direct, through a proxy's tunnel (`https`), or by requests to the proxy (`http`). */
export interface Route {
  /** The origin that connections are opened to. */
  readonly origin: string;
  /** The prefix of each request's path. */
  readonly prefix: string;
  /** Additional headers of each request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connect: buildConnector.connector;
}

/** Creates the route to an upstream. */
export function createRoute({ baseUrl, proxy, connectTimeoutMs }: RouteOptions): Route {
  const url = new URL(baseUrl);
  const prefix = url.pathname.replace(/\/$/, '');
  const connect = createConnect(connectTimeoutMs);
  if (proxy === undefined) {
    return { origin: url.origin, prefix, headers: {}, connect: toConnector(connect) };
  }
  if (url.protocol === 'https:') {
    const tunnelled = throughTunnel(connect, proxy, authorityOf(url), connectTimeoutMs);
    return { origin: url.origin, prefix, headers: {}, connect: toConnector(tunnelled) };
  }
  return {
    origin: proxy.origin,
    prefix: url.origin + prefix,
    headers: { host: url.host, ...authorizationOf(proxy) },
    // undici takes the server name from the `host` header, and the connection goes to the proxy.
    connect: toConnector(({ servername: _servername, ...target }) => connect(target)),
  };
}

/**
 * How Node chooses among a host's addresses. By default it gives up each address after 500 ms (250 ms before Node.js
 * 26), so an IPv4 path that is slower loses to an IPv6 address that leads nowhere. A second leaves room for another
 * address within the time to connect.
 */
export const addressSelection = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 1_000 };

/** Returns a URL's host and port, with the default port written out. */
export function authorityOf({ protocol, host, port }: URL): string {
  if (port !== '') return host;
  return `${host}:${protocol === 'https:' ? 443 : 80}`;
}

/** Opens a connection: TCP, and TLS where the protocol is `https:`. */
type Connect = (target: buildConnector.Options) => Promise<Socket>;

function createConnect(timeoutMs: number): Connect {
  const connector = buildConnector({
    // Over HTTP/2 `connections` would not bound the calls in flight.
    allowH2: false,
    timeout: timeoutMs,
    ...addressSelection,
  });
  return (target) =>
    new Promise((resolve, reject) => {
      connector(target, (error, socket) => {
        if (error === null) resolve(socket);
        else reject(error);
      });
    });
}

function throughTunnel(connect: Connect, proxy: Proxy, authority: string, timeoutMs: number): Connect {
  const { protocol, host, hostname, port } = new URL(proxy.origin);
  // Node wants an IPv6 address without its brackets.
  const target = { protocol, host, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port };
  return async (upstream) => {
    const socket = await connect(target);
    const httpSocket = await openTunnel({ socket, authority, headers: authorizationOf(proxy), timeoutMs });
    return connect({ ...upstream, httpSocket });
  };
}

/** Returns the headers that authenticate the gateway to the proxy. */
export function authorizationOf({ authorization }: Proxy): Readonly<Record<string, string>> {
  return authorization === undefined ? {} : { 'proxy-authorization': authorization };
}

function toConnector(connect: Connect): buildConnector.connector {
  const open = callbackify(async (target: buildConnector.Options) =>
    dropInterimResponses(await connect(target)),
  );
  return (target, callback) =>
    open(target, (error: Error | null, socket) => {
      if (error === null) callback(null, socket);
      else callback(error, null);
    });
}
