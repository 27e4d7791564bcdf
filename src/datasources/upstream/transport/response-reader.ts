import { AsyncResource } from 'node:async_hooks';
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { CallCancellation } from '../../../shared/cancellation.ts';
import { Chunks } from '../../../shared/chunks.ts';
import type { Continuation } from '../../../shared/continuation.ts';
import type { StartedTimeout, Timeouts } from '../../../shared/timeouts.ts';
import { UpstreamError } from '../errors.ts';
import type { Failure, InvalidResponseReason, CallName } from '../errors.ts';
import { classifyNetworkError } from './network-error.ts';
import type { TransportRequest, TransportResponse } from './messages.ts';

/** The reason that undici gets for an abort. The continuation has its outcome by then, so nobody sees it. */
const abandoned = new Error('abandoned');

/** State that the requests of a transport share. */
export interface ReaderContext {
  readonly timeouts: Timeouts;
  /** The statuses of responses that are useless without their bodies. */
  readonly requiredStatuses: ReadonlySet<number>;
  /** How many connections the transport has opened. */
  connects: number;
}

/** `required`: the response is useless without its body. `optional`: its status says enough. `none`: it is not read. */
type BodyUse = 'required' | 'optional' | 'none';

/**
 * Reads the response to one request, as undici's handler. Calls the continuation once: with the response, its failure,
 * the timeout or the abort, whatever undici does afterwards.
 *
 * An AsyncResource, because undici calls it in the context of the request for which the connection was opened, and what
 * follows belongs to the request that is answered: its AsyncLocalStorage, its traces.
 */
export class ResponseReader extends AsyncResource implements Dispatcher.DispatchHandler {
  readonly #name: CallName;
  readonly #signal: CallCancellation | undefined;
  readonly #maxResponseBytes: number;
  readonly #observer: TransportRequest['observer'];
  readonly #continuation: Continuation<TransportResponse>;
  readonly #context: ReaderContext;
  readonly #timeout: StartedTimeout;
  readonly #connectsBefore: number;
  /** Whether the request went out on an open connection: none was opened between its dispatch and its start. */
  #isReused = false;
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #body = new Chunks();
  #bodyBytes = 0;
  #bodyUse: BodyUse = 'none';

  constructor(
    { name, signal, maxResponseBytes, observer }: TransportRequest,
    context: ReaderContext,
    continuation: Continuation<TransportResponse>,
  ) {
    super('UpstreamRequest');
    this.#name = name;
    this.#signal = signal;
    this.#maxResponseBytes = maxResponseBytes;
    this.#observer = observer;
    this.#continuation = continuation;
    this.#context = context;
    this.#connectsBefore = context.connects;
    this.#timeout = context.timeouts.start(() => {
      if (this.#isAnswered) this.#answerWithoutBody();
      else this.#abandon(this.#error({ kind: 'timeout', phase: 'attempt' }));
    });
    signal?.addEventListener('abort', this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#isReused = this.#context.connects === this.#connectsBefore;
    if (this.#settled) controller.abort(abandoned);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // A 101; the connection drops the other interim responses.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // The server had given up waiting for a request before this one arrived (RFC 9110, section 15.5.9).
    if (status === 408 && this.#isReused && /\bclose\b/i.test(headers.connection ?? '')) {
      this.#abandon(this.#error({ kind: 'unavailable', reason: 'http_408', isStaleConnection: true }));
      return;
    }
    if (this.#context.requiredStatuses.has(status)) this.#bodyUse = 'required';
    // The body of a 404 says who sent it.
    else if (status === 404) this.#bodyUse = 'optional';
    else return;
    // The request accepts no encoding. A body that has one anyway is never decompressed.
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && !/^(identity)?$/i.test(encoding)) this.#refuseBody('encoded_body');
  }

  /** Fails a call whose body cannot be read, unless its status says enough. */
  #refuseBody(reason: InvalidResponseReason): void {
    if (this.#bodyUse === 'required') this.#abandon(this.#error({ kind: 'invalid_response', reason }));
    this.#bodyUse = 'none';
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    const isHeld = this.#bodyUse !== 'none';
    const mayHold = !isHeld || this.#observer === undefined || this.#observer.onBody(chunk.length);
    if (mayHold && this.#bodyBytes <= this.#maxResponseBytes) {
      if (isHeld) this.#body.add(chunk);
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

  /** Whether the status has arrived and no body is needed. */
  get #isAnswered(): boolean {
    return this.#status !== 0 && this.#bodyUse === 'none';
  }

  #answerWithoutBody(): void {
    if (!this.#settle()) return;
    this.#controller?.abort(abandoned);
    this.#resolve({ status: this.#status, headers: this.#headers, body: '' });
  }

  /** The signal is aborted. */
  handleEvent(): void {
    this.#abandon(this.#signal?.reason);
  }

  #abandon(reason: unknown): void {
    if (!this.#settle()) return;
    this.#controller?.abort(abandoned);
    this.#reject(reason);
  }

  #resolve(response: TransportResponse): void {
    this.runInAsyncScope(this.#continuation.resolve, this.#continuation, response);
  }

  #reject(reason: unknown): void {
    this.runInAsyncScope(this.#continuation.reject, this.#continuation, reason);
  }

  /** Ends the waiting. Returns true once: to the caller that calls the continuation. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#context.timeouts.cancel(this.#timeout);
    this.#signal?.removeEventListener('abort', this);
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
