import type { IncomingHttpHeaders } from 'node:http';
import type { Cancellation } from '../../shared/cancellation.ts';
import type { Attempt, AttemptResult, CallObserver } from './attempt.ts';
import type { CacheEntry } from './cache/entry.ts';
import { isConditional, isConfirmedBy } from './cache/validators.ts';
import { classifyStatus } from '../bluejay/classify-status.ts';
import { BluejayError } from './errors.ts';
import type { Operation } from './errors.ts';
import type { Decoded } from './json.ts';
import { readNotFound } from '../bluejay/not-found.ts';
import { isSuccess } from './success.ts';
import type { Transport, TransportResponse } from './transport/transport.ts';

/** On whose behalf a call is made. */
export interface Caller {
  /** As the caller sent it; undefined or empty when it had to bring a key and did not. */
  readonly apiKey: string | undefined;
  /** Ends the caller's waiting; calls that nobody else waits for are aborted. */
  readonly signal?: Cancellation | undefined;
  /** When the caller gives up, on the clock of `performance.now()`: no retry is planned beyond it. */
  readonly deadlineAtMs?: number | undefined;
  /** Told of what its reads do; of a read that several callers share, the first one's that still waits. */
  readonly observer?: CallObserver | undefined;
  /** Asked before much that was read is handed over: undefined where there is time for it, else resolves when there is. */
  readonly resume?: (() => Promise<void> | undefined) | undefined;
}

/** What was read, and how long it may be used without asking again. */
export interface Reading<Value> {
  readonly value: Value;
  /** Until when Bluejay itself allows that, in milliseconds since the epoch; 0 where it says nothing. */
  readonly freshUntil: number;
}

export interface CallOptions<Value> {
  readonly transport: Transport;
  readonly operation: Operation;
  /** See `Attempt`. */
  readonly urlTemplate: string;
  /** The gateway's argument names by Bluejay's parameter names. */
  readonly argumentNames: ReadonlyMap<string, string>;
  /** What the service's own 404 stands for: there is nothing of that id that the key may see. */
  readonly absent: Value;
  /** @default 1048576 */
  readonly maxResponseBytes?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Told of every attempt, whoever's it is. */
  readonly onAttempt?: ((attempt: Attempt, result: AttemptResult) => void) | undefined;
}

/** The outcome of a read: a value, a 304 that confirms the previous entry, or one about something else. */
export type Answer<Value> = Timed<
  | { readonly kind: 'full'; readonly value: Value; readonly headers: IncomingHttpHeaders }
  | { readonly kind: 'not_modified'; readonly confirmed: CacheEntry; readonly headers: IncomingHttpHeaders }
  | { readonly kind: 'other_not_modified' }
>;

/** A 404 that the service gives for a missing thing and for an unknown path alike. */
type UnclearAnswer = Timed<{ readonly kind: 'unclear'; readonly headers: IncomingHttpHeaders }>;

/** Says how long ago the request was sent, in milliseconds. */
type Timed<Outcome> = Outcome & { readonly elapsedMs: number };

interface CallRequest<Value> {
  /** See `Transport`. */
  readonly path: string;
  readonly apiKey: string;
  readonly signal: Cancellation;
  /** Which sending this is, from 1. */
  readonly attempt: number;
  readonly observer: CallObserver | undefined;
  /** What is kept, and may be confirmed. */
  readonly previous?: CacheEntry | undefined;
  readonly decode: (body: string) => Decoded<Value>;
}

/**
 * One read of Bluejay's, sent once: its status and its body become a value or an error.
 *
 * @throws {BluejayError} every kind but `overloaded`
 * @throws the signal's reason, once it is aborted
 */
export type Call<Value> = (request: CallRequest<Value>) => Promise<Answer<Value> | UnclearAnswer>;

export function createCall<Value>(options: CallOptions<Value>): Call<Value> {
  const { transport, operation, urlTemplate, argumentNames, absent, maxResponseBytes = 1_048_576 } = options;
  const { now, onAttempt } = options;

  function read(
    response: TransportResponse,
    { apiKey, previous, decode }: CallRequest<Value>,
    elapsedMs: number,
  ): Answer<Value> | UnclearAnswer {
    const { status, headers } = response;
    if (status === 404) return readAbsence(response, elapsedMs);
    // Without a condition a 304 falls through: it is an invalid response.
    if (status === 304 && previous !== undefined && isConditional(previous.validators)) {
      return isConfirmedBy(headers, previous.validators)
        ? { kind: 'not_modified', confirmed: previous, headers, elapsedMs }
        : { kind: 'other_not_modified', elapsedMs };
    }
    if (!isSuccess(status)) {
      const failure = classifyStatus(response, argumentNames, apiKey, Date.now());
      throw new BluejayError(failure, { operation, status });
    }
    const decoded = decode(response.body);
    if (decoded.ok) return { kind: 'full', value: decoded.value, headers, elapsedMs };
    throw new BluejayError({ kind: 'invalid_response', reason: decoded.reason }, { operation, status });
  }

  function readAbsence(response: TransportResponse, elapsedMs: number): Answer<Value> | UnclearAnswer {
    const { status, headers } = response;
    const notFound = readNotFound(response);
    if (notFound === 'absent') return { kind: 'full', value: absent, headers, elapsedMs };
    if (notFound === 'unclear') return { kind: 'unclear', headers, elapsedMs };
    const failure = { kind: 'unexpected_status', status, reason: 'foreign_not_found' } as const;
    throw new BluejayError(failure, { operation, status });
  }

  return async (request) => {
    const { path, apiKey, signal, previous, observer } = request;
    const attempt = { operation, urlTemplate, number: request.attempt };
    const startedAtMs = now();
    const headers = observer?.onAttemptStart(attempt);
    let status: number | undefined;
    let failure: AttemptResult['failure'];
    try {
      const response = await transport.get({
        operation,
        path,
        apiKey,
        signal,
        validators: previous?.validators,
        headers,
        maxResponseBytes,
      });
      status = response.status;
      return read(response, request, now() - startedAtMs);
    } catch (error) {
      failure = error instanceof BluejayError ? error.failure.kind : 'cancelled';
      if (error instanceof BluejayError) status ??= error.upstream?.status;
      throw error;
    } finally {
      const result = { status, failure, durationMs: now() - startedAtMs };
      observer?.onAttemptEnd(attempt, result);
      onAttempt?.(attempt, result);
    }
  };
}

/** @param apiKey what was sent instead of an API key; nothing of it is in the error */
export function withoutKey(apiKey: string): BluejayError {
  const reason = apiKey === '' ? 'missing_key' : 'malformed_key';
  return new BluejayError({ kind: 'unauthenticated', reason });
}
