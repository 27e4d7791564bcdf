import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { Cancellation } from '../../../shared/cancellation.ts';
import { Chunks } from '../../../shared/chunks.ts';
import { Timeouts } from '../../../shared/timeouts.ts';
import type { StartedTimeout } from '../../../shared/timeouts.ts';
import type { Validators } from '../cache/validators.ts';
import { UpstreamError } from '../errors.ts';
import type { Method } from '../endpoint.ts';
import type { Failure, InvalidResponseReason, OperationName } from '../errors.ts';
import { createRoute } from './route.ts';
import { createRotatingPool } from './rotating-pool.ts';
import type { Proxy } from './route.ts';
import { isSuccess } from '../success.ts';

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
   * How old a connection may get, busy or idle: a new one follows what DNS says by then. A call on it is finished.
   *
   * @default 60000
   */
  readonly maxConnectionAgeMs?: number;
  /** @default none: connections go to the upstream directly */
  readonly proxy?: Proxy | undefined;
}

interface TransportRequest {
  /** What errors say the call was. */
  readonly name: OperationName;
  readonly method: Method;
  /** Starts with a slash; every segment must be safe in a URL already. */
  readonly path: string;
  /** Sent as JSON; undefined sends no body. */
  readonly body?: unknown;
  readonly apiKey: string;
  /** The largest body that is read. */
  readonly maxResponseBytes: number;
  /** Of an answer that is kept: makes the request conditional (RFC 9110, section 13). */
  readonly validators?: Validators | undefined;
  /** Sent along: a trace's context, for instance. Never one of the transport's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Aborts the call and closes its socket. */
  readonly signal?: Cancellation | undefined;
}

export interface TransportResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Transport {
  /**
   * Sends one request; never retries, never follows a redirect.
   *
   * @throws {UpstreamError} `timeout`, `unavailable` or `invalid_response`
   * @throws the signal's reason, once it is aborted
   */
  send(request: TransportRequest): Promise<TransportResponse>;
  /** Closes every socket; calls in flight fail with `unavailable`. */
  close(): Promise<void>;
}

/** A connection pool to one origin. It lives as long as the gateway. */
export function createTransport(options: TransportOptions): Transport {
  const { baseUrl, userAgent, credentialHeader, timeoutMs, proxy, refusalStatuses = [] } = options;
  const { connections = 64, connectTimeoutMs = 2_000, maxConnectionAgeMs = 60_000 } = options;
  const route = createRoute({ baseUrl, proxy, connectTimeoutMs });
  let connects = 0;
  const countConnects = () => connects;
  const pool = createRotatingPool(() => {
    const opened = new Pool(route.origin, {
      connections,
      connect: route.connect,
      // Without it the pool opens a single connection until it knows that the other side does not speak HTTP/2.
      allowH2: false,
      // The timer of each call covers headers and body; undici's own are too coarse below a second.
      headersTimeout: 0,
      bodyTimeout: 0,
      // uvicorn closes idle sockets after 5 s: let go of them first, whatever `Keep-Alive: timeout=` promises.
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 4_000,
      // Where it promises less, let go a second before.
      keepAliveTimeoutThreshold: 1_000,
    });
    return opened.on('connect', () => {
      connects += 1;
    });
  }, maxConnectionAgeMs);
  const fixedHeaders = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': userAgent,
    ...route.headers,
  };

  const timeouts = new Timeouts(timeoutMs);
  const requiredBodies = new Set(refusalStatuses);

  function send(request: TransportRequest): Promise<TransportResponse> {
    const { signal } = request;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const { method, path, body } = request;
      const exchange = new Exchange(request, { timeouts, countConnects, requiredBodies }, resolve, reject);
      const headers = requestHeaders(request, credentialHeader, fixedHeaders);
      if (body !== undefined) headers['content-type'] = 'application/json';
      pool.dispatch(
        {
          method,
          path: route.prefix + path,
          headers,
          body: body === undefined ? null : JSON.stringify(body),
        },
        exchange,
      );
    });
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

/** `required`: the answer is useless without its body. `optional`: its status says enough. `none`: nobody reads it. */
type BodyUse = 'required' | 'optional' | 'none';

function bodyUseOf(status: number, required: ReadonlySet<number>): BodyUse {
  if (isSuccess(status) || required.has(status)) return 'required';
  // It says in its body whose it is.
  return status === 404 ? 'optional' : 'none';
}

/** What all calls of a transport share. */
interface Shared {
  readonly timeouts: Timeouts;
  /** How many connections were made so far. */
  readonly countConnects: () => number;
  /** The statuses of refusals whose bodies are read. */
  readonly requiredBodies: ReadonlySet<number>;
}

/** One call as undici drives it. The caller's promise settles at the timeout or the abort, whatever undici does. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #name: OperationName;
  readonly #signal: Cancellation | undefined;
  readonly #maxResponseBytes: number;
  readonly #resolve: (response: TransportResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #shared: Shared;
  readonly #timeout: StartedTimeout;
  readonly #connectsBefore: number;
  /** Whether the call went out on a connection that was there before: no other one was made for it. */
  #isReused = false;
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #body = new Chunks();
  #bodyBytes = 0;
  #bodyUse: BodyUse = 'none';

  constructor(
    { name, signal, maxResponseBytes }: TransportRequest,
    shared: Shared,
    resolve: (response: TransportResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#name = name;
    this.#signal = signal;
    this.#maxResponseBytes = maxResponseBytes;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#shared = shared;
    this.#connectsBefore = shared.countConnects();
    this.#timeout = shared.timeouts.start(() => {
      if (this.#isAnswered) this.#answerWithoutBody();
      else this.#abandon(this.#error({ kind: 'timeout', phase: 'attempt' }));
    });
    signal?.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#isReused = this.#shared.countConnects() === this.#connectsBefore;
    if (this.#settled) controller.abort(abandoned);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // A 101 that switches to nothing; the connection drops the other interim responses.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // The server had given up waiting for a request before this one arrived (RFC 9110, section 15.5.9).
    if (status === 408 && this.#isReused && /\bclose\b/i.test(headers.connection ?? '')) {
      this.#abandon(this.#error({ kind: 'unavailable', reason: 'http_408', isStaleConnection: true }));
      return;
    }
    this.#bodyUse = bodyUseOf(status, this.#shared.requiredBodies);
    if (this.#bodyUse === 'none') return;
    // No encoding was asked for. A body that has one anyway is not unpacked, so no bomb goes off.
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && !/^(identity)?$/i.test(encoding)) this.#refuseBody('encoded_body');
  }

  /** Fails the call whose body cannot be read, unless the status says enough. */
  #refuseBody(reason: InvalidResponseReason): void {
    if (this.#bodyUse === 'required') this.#abandon(this.#error({ kind: 'invalid_response', reason }));
    this.#bodyUse = 'none';
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes <= this.#maxResponseBytes) {
      if (this.#bodyUse !== 'none') this.#body.add(chunk);
      return;
    }
    this.#refuseBody('body_too_large');
    this.#answerWithoutBody();
  }

  onResponseEnd(): void {
    const body = this.#bodyUse === 'none' ? '' : decodeUtf8(this.#body.join());
    if (body === undefined) this.#refuseBody('not_utf8');
    if (!this.#settle()) return;
    this.#resolve({ status: this.#status, headers: this.#headers, body: body ?? '' });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const failure = classifyNetworkError(error);
    if (failure.kind === 'invalid_response' && this.#bodyUse === 'optional') this.#bodyUse = 'none';
    if (this.#isAnswered) return this.#answerWithoutBody();
    if (!this.#settle()) return;
    const isStaleConnection = failure.kind === 'unavailable' && this.#isReused && this.#status === 0;
    this.#reject(this.#error(isStaleConnection ? { ...failure, isStaleConnection } : failure));
  }

  /** Whether the status has come and says it all, whatever becomes of a body that nobody reads. */
  get #isAnswered(): boolean {
    return this.#status !== 0 && this.#bodyUse === 'none';
  }

  #answerWithoutBody(): void {
    if (!this.#settle()) return;
    this.#resolve({ status: this.#status, headers: this.#headers, body: '' });
    this.#controller?.abort(abandoned);
  }

  readonly #onAbort = (): void => {
    this.#abandon(this.#signal?.reason);
  };

  #abandon(reason: unknown): void {
    if (!this.#settle()) return;
    this.#reject(reason);
    this.#controller?.abort(abandoned);
  }

  /** True for the first one who asks: that one settles the promise. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#shared.timeouts.cancel(this.#timeout);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }

  #error(failure: Failure): UpstreamError {
    const isUnsent =
      this.#controller === undefined && (failure.kind === 'timeout' || failure.kind === 'unavailable');
    return new UpstreamError(
      isUnsent ? { ...failure, isUnsent } : failure,
      this.#status === 0 ? this.#name : { ...this.#name, status: this.#status },
    );
  }
}

/**
 * JSON is UTF-8 whatever `charset` the content type names (RFC 8259, sections 8.1 and 11). A byte order mark is skipped.
 *
 * @returns undefined for bytes that are not UTF-8
 */
function decodeUtf8(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  // A replacement character stands for bytes that are wrong, or for itself. Validating every body would cost more.
  if (text.includes('\ufffd') && !isUtf8(bytes)) return undefined;
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** What undici is told; nobody sees it, because the caller's promise is settled by then. */
const abandoned = new Error('abandoned');

/** What went wrong on the wire, by undici's and Node's error codes. */
function classifyNetworkError(error: Error): Failure {
  // Its code is undefined on some versions of the parser.
  if (error.name === 'HTTPParserError') return { kind: 'invalid_response', reason: 'malformed_http' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return { kind: 'timeout', phase: 'connect' };
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return { kind: 'invalid_response', reason: 'malformed_http' };
    default:
      return { kind: 'unavailable', reason: code };
  }
}
