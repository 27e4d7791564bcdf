import type { Cancellation } from '../../shared/cancellation.ts';
import type { Continuation } from '../../shared/continuation.ts';
import { createAnswerReader } from './answer.ts';
import type { AnswerEvents, AnswerReader, CallRequest, Result } from './answer.ts';
import type { Attempt, AttemptResult, CallObserver } from './attempt.ts';
import { createPath } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import type { ErrorDialect } from './error-dialect.ts';
import { UpstreamError } from './errors.ts';
import type { CallContext } from './resilience/coalesce.ts';
import type { TransportResponse } from './transport/messages.ts';
import type { Transport } from './transport/transport.ts';

/** On whose behalf a call is made. */
export interface Caller {
  /** As the caller sent it; undefined or empty when it had to bring a key and did not. */
  readonly apiKey: string | undefined;
  /** The request's id in the log, for its writes. */
  readonly requestId?: string | undefined;
  /** Aborted when the caller leaves. Aborts the reads that no other caller waits for, and no write on its way. */
  readonly signal?: Cancellation | undefined;
  /** When the caller leaves, on the clock of `performance.now()`: no retry starts after it. */
  readonly deadlineAtMs?: number | undefined;
  /** Observes the caller's calls. A shared read has one observer: that of its first caller that still waits. */
  readonly observer?: CallObserver | undefined;
  /** Called before many values are returned at once: resolves when the event loop has time for them. @default at once */
  readonly resume?: (() => Promise<void> | undefined) | undefined;
}

/** A value that was read, and how long it may be used without reading it again. */
export interface Reading<Value> {
  readonly value: Value;
  /** Until when the service allows the value to be used, in milliseconds since the epoch; 0 where it does not say. */
  readonly freshUntil: number;
}

/** For logs and metrics. */
export interface CallEvents extends AnswerEvents {
  /** An attempt of any caller's call has ended. */
  readonly onAttempt?: ((attempt: Attempt, result: AttemptResult) => void) | undefined;
}

export interface CallOptions<Input, Value> {
  readonly service: string;
  /** See `UpstreamOptions`. */
  readonly title?: string | undefined;
  readonly endpoint: Endpoint<string, Input, Value>;
  readonly transport: Transport;
  readonly errorDialect: ErrorDialect;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly events: CallEvents;
}

/**
 * Sends a call once, and reads its status and body.
 *
 * @param attempt which sending of the call this is, from 1
 * @param continuation resolved with the answer, or the error of an attempt that failed, of every kind but `overloaded`;
 *   rejected with the signal's reason once it is aborted, and with a defect
 */
export type Call<Input, Value> = (
  request: CallRequest<Input, Value>,
  context: Pick<CallContext, 'signal' | 'observer'>,
  attempt: number,
  continuation: Continuation<Result<Value>>,
) => void;

/** Creates the call of an endpoint. */
export function createCall<Input extends object, Value>(
  options: CallOptions<Input, Value>,
): Call<Input, Value> {
  const { service, title, endpoint, transport, now, events } = options;
  const { operation, method, path: urlTemplate, argumentNames, maxResponseBytes = 1_048_576 } = endpoint;
  const name = { service, operation, title };
  const pathOf = createPath(urlTemplate, argumentNames);
  const parts = { read: createAnswerReader(options), now, events };

  return (request, { signal, observer }, number, continuation) => {
    const { input, apiKey, previous } = request;
    const attempt = { service, operation, method, urlTemplate, number };
    const sent = new SentRequest(parts, request, attempt, observer, continuation);
    const headers = observer?.onAttemptStart(attempt);
    try {
      transport.send(
        {
          name,
          method,
          path: pathOf(input),
          body: 'body' in input ? input.body : undefined,
          apiKey,
          signal,
          validators: previous?.validators,
          headers,
          maxResponseBytes,
          observer,
        },
        sent,
      );
    } catch (error) {
      sent.reject(error);
    }
  };
}

interface SentRequestParts<Input, Value> {
  readonly read: AnswerReader<Input, Value>;
  readonly now: () => number;
  readonly events: CallEvents;
}

/** A request on its way: reports how the attempt ended, and hands on its result. */
class SentRequest<Input, Value> implements Continuation<TransportResponse> {
  readonly #parts: SentRequestParts<Input, Value>;
  readonly #request: CallRequest<Input, Value>;
  readonly #attempt: Attempt;
  readonly #observer: CallObserver | undefined;
  readonly #continuation: Continuation<Result<Value>>;
  readonly #startedAtMs: number;

  constructor(
    parts: SentRequestParts<Input, Value>,
    request: CallRequest<Input, Value>,
    attempt: Attempt,
    observer: CallObserver | undefined,
    continuation: Continuation<Result<Value>>,
  ) {
    this.#parts = parts;
    this.#request = request;
    this.#attempt = attempt;
    this.#observer = observer;
    this.#continuation = continuation;
    this.#startedAtMs = parts.now();
  }

  resolve(response: TransportResponse): void {
    const { read, now } = this.#parts;
    const { status } = response;
    const durationMs = now() - this.#startedAtMs;
    let result: Result<Value>;
    try {
      result = read(response, this.#request, durationMs);
    } catch (error) {
      this.#fail(error, status, durationMs);
      return;
    }
    if (result instanceof UpstreamError) this.#fail(result, status, durationMs);
    else if (this.#report(status, undefined, durationMs)) this.#continuation.resolve(result);
  }

  reject(error: unknown): void {
    const status = error instanceof UpstreamError ? error.upstream?.status : undefined;
    this.#fail(error, status, this.#parts.now() - this.#startedAtMs);
  }

  #fail(error: unknown, status: number | undefined, durationMs: number): void {
    const isFailure = error instanceof UpstreamError;
    if (!this.#report(status, isFailure ? error.failure.kind : 'cancelled', durationMs)) return;
    if (isFailure) this.#continuation.resolve(error);
    else this.#continuation.reject(error);
  }

  /** Returns false where a listener has thrown, and so ended the call. */
  #report(status: number | undefined, failure: AttemptResult['failure'], durationMs: number): boolean {
    const result = { status, failure, durationMs };
    try {
      this.#observer?.onAttemptEnd(this.#attempt, result);
      this.#parts.events.onAttempt?.(this.#attempt, result);
      return true;
    } catch (error) {
      this.#continuation.reject(error);
      return false;
    }
  }
}

/**
 * Creates the error for a missing or malformed API key.
 *
 * @param apiKey the malformed key, or an empty text; the error does not contain it
 */
export function withoutKey(apiKey: string, title: string | undefined): UpstreamError {
  const reason = apiKey === '' ? 'missing_key' : 'malformed_key';
  return new UpstreamError({ kind: 'unauthenticated', reason }, undefined, title);
}
