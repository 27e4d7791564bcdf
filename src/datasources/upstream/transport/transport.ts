import { Pool } from 'undici';
import type { Continuation } from '../../../shared/continuation.ts';
import { Timeouts } from '../../../shared/timeouts.ts';
import { successStatuses } from '../success.ts';
import type { TransportRequest, TransportResponse } from './messages.ts';
import { ResponseReader } from './response-reader.ts';
import type { ReaderContext } from './response-reader.ts';
import { createRotatingPool } from './rotating-pool.ts';
import { createRoute } from './route.ts';
import type { Proxy } from './route.ts';

export interface TransportOptions {
  /** Origin and optional path prefix, without a trailing slash. */
  readonly baseUrl: string;
  /** Sent as `user-agent`. */
  readonly userAgent: string;
  /** The header that carries the credential, in lower case. */
  readonly credentialHeader: string;
  /** The statuses of refusals whose bodies are read. @default none */
  readonly refusalStatuses?: readonly number[];
  /** The longest one call may take, from the first byte of connecting to the last of the body. */
  readonly timeoutMs: number;
  /** The most sockets open at once; calls beyond them wait, so bound the calls in flight too. @default 64 */
  readonly connections?: number;
  /**
   * The longest that each step of connecting may take: TCP, a proxy's tunnel, TLS. undici rounds it up to half a
   * second.
   *
   * @default 2000
   */
  readonly connectTimeoutMs?: number;
  /**
   * The longest life of a connection: a new one resolves the host again. Calls in flight are finished on the old one.
   *
   * @default 60000
   */
  readonly maxConnectionAgeMs?: number;
  /** @default none: connections go to the upstream directly */
  readonly proxy?: Proxy | undefined;
}

/** Sends requests to one upstream. */
export interface Transport {
  /**
   * Sends one request; never retries, never follows a redirect. Rejects with
   *
   * - an {@link UpstreamError}: `timeout`, `unavailable` or `invalid_response`
   * - the signal's reason, once it is aborted
   */
  send(request: TransportRequest, continuation: Continuation<TransportResponse>): void;
  /** Closes every socket; calls in flight fail with `unavailable`. */
  close(): Promise<void>;
}

/** Creates a connection pool to one origin. It lives as long as the gateway. */
export function createTransport(options: TransportOptions): Transport {
  const { baseUrl, userAgent, credentialHeader, timeoutMs, proxy, refusalStatuses = [] } = options;
  const { connections = 64, connectTimeoutMs = 2_000, maxConnectionAgeMs = 60_000 } = options;
  const route = createRoute({ baseUrl, proxy, connectTimeoutMs });
  const context: ReaderContext = {
    timeouts: new Timeouts(timeoutMs),
    requiredStatuses: new Set([...successStatuses, ...refusalStatuses]),
    connects: 0,
  };
  const pool = createRotatingPool(() => {
    const opened = new Pool(route.origin, {
      connections,
      connect: route.connect,
      // Without it the pool opens a single connection until it knows that the other side does not speak HTTP/2.
      allowH2: false,
      // The timer of each call covers headers and body; undici's own are too coarse below a second.
      headersTimeout: 0,
      bodyTimeout: 0,
      // uvicorn closes idle sockets after 5 s: close them first, whatever `Keep-Alive: timeout=` promises.
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 4_000,
      // Where it promises less, close them a second before.
      keepAliveTimeoutThreshold: 1_000,
    });
    return opened.on('connect', () => {
      context.connects += 1;
    });
  }, maxConnectionAgeMs);
  const fixedHeaders = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': userAgent,
    ...route.headers,
  };

  function send(request: TransportRequest, continuation: Continuation<TransportResponse>): void {
    const { method, path, body, signal } = request;
    if (signal?.aborted) return continuation.reject(signal.reason);
    const headers = requestHeaders(request, credentialHeader, fixedHeaders);
    if (body !== undefined) headers['content-type'] = 'application/json';
    pool.dispatch(
      {
        method,
        path: route.prefix + path,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
      },
      new ResponseReader(request, context, continuation),
    );
  }

  return { send, close: () => pool.destroy() };
}

function requestHeaders(
  { apiKey, validators, headers: additional }: TransportRequest,
  credentialHeader: string,
  fixed: Readonly<Record<string, string>>,
): Record<string, string> {
  const headers: Record<string, string> =
    additional === undefined
      ? // Spreading one object is several times as fast as spreading two.
        { ...fixed, [credentialHeader]: apiKey }
      : { ...additional, ...fixed, [credentialHeader]: apiKey };
  if (validators?.etag !== undefined) headers['if-none-match'] = validators.etag;
  else if (validators?.['last-modified'] !== undefined) {
    headers['if-modified-since'] = validators['last-modified'];
  }
  return headers;
}
