import type { IncomingHttpHeaders } from 'node:http';
import type { Cancellation } from '../../shared/cancellation.ts';
import type { Attempt, AttemptResult, CallObserver } from './attempt.ts';
import type { CacheEntry } from './cache/entry.ts';
import { isConditional, isConfirmedBy } from './cache/validators.ts';
import { classifyStatus } from './classify-status.ts';
import { createPath } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import type { ErrorDialect } from './error-dialect.ts';
import { UpstreamError } from './errors.ts';
import type { Failure, InvalidResponseReason, CallName, UpstreamCall } from './errors.ts';
import { tryParseJson } from './json.ts';
import type { Decoded } from './json.ts';
import type { CallContext } from './resilience/coalesce.ts';
import { successStatuses } from './success.ts';
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
export interface CallEvents {
  /** An attempt of any caller's call has ended. */
  readonly onAttempt?: ((attempt: Attempt, result: AttemptResult) => void) | undefined;
  /** `count` items of a list are unusable, and were left out. */
  readonly onItemsDropped?: ((count: number, operation: string, service: string) => void) | undefined;
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

/** The answer to a call: a value, a 304 that confirms the previous entry, or a 304 that does not. */
export type Answer<Value> = Timed<
  | {
      readonly kind: 'full';
      readonly value: Value;
      readonly isAbsent: boolean;
      readonly headers: IncomingHttpHeaders;
    }
  | {
      readonly kind: 'not_modified';
      readonly confirmed: CacheEntry<Value>;
      readonly headers: IncomingHttpHeaders;
    }
  | { readonly kind: 'other_not_modified' }
>;

/** A 404 that the service gives for a missing thing and for an unknown path alike. */
export type UnclearAnswer = Timed<{ readonly kind: 'unclear'; readonly headers: IncomingHttpHeaders }>;

/** An answer with its time since the request, in milliseconds. */
type Timed<Untimed> = Untimed & { readonly elapsedMs: number };

/** A call to send, once or several times. */
export interface CallRequest<Input, Value> {
  readonly input: Input;
  readonly apiKey: string;
  /** The cached answer that a 304 may confirm. */
  readonly previous?: CacheEntry<Value> | undefined;
}

/**
 * Sends a call once, and reads its status and body.
 *
 * @param attempt which sending of the call this is, from 1
 * @returns the answer, or the error of an attempt that failed, of every kind but `overloaded`: to throw it at each layer
 * costs more than all else that is done with it
 * @throws the signal's reason, once it is aborted
 */
export type Call<Input, Value> = (
  request: CallRequest<Input, Value>,
  context: Pick<CallContext, 'signal' | 'observer'>,
  attempt: number,
) => Promise<Answer<Value> | UnclearAnswer | UpstreamError>;

/** Creates the call of an endpoint. */
export function createCall<Input extends object, Value>(
  options: CallOptions<Input, Value>,
): Call<Input, Value> {
  const { service, title, endpoint, transport, errorDialect, now, events } = options;
  const {
    operation,
    method,
    path: template,
    absent,
    argumentNames = {},
    maxResponseBytes = 1_048_576,
  } = endpoint;
  const name = { service, operation, title };
  const pathOf = createPath(template, argumentNames);
  const isWrite = method !== 'GET';

  function read(
    response: TransportResponse,
    { input, apiKey, previous }: CallRequest<Input, Value>,
    elapsedMs: number,
  ): Answer<Value> | UnclearAnswer | UpstreamError {
    const { status, headers } = response;
    if (status === 404 && absent !== undefined) return readAbsence(response, absent.value, elapsedMs);
    // Without a condition a 304 falls through: it is an invalid response.
    if (status === 304 && previous !== undefined && isConditional(previous.validators)) {
      return isConfirmedBy(headers, previous.validators)
        ? { kind: 'not_modified', confirmed: previous, headers, elapsedMs }
        : { kind: 'other_not_modified', elapsedMs };
    }
    if (isWrite && status === 404) return new UpstreamError(missingIn(response), { ...name, status });
    if (isWrite && status === 409) return new UpstreamError({ kind: 'conflict' }, { ...name, status });
    if (!successStatuses.includes(status))
      return new UpstreamError(refusalIn(response, apiKey), { ...name, status });
    const decoded = decodeBody(response.body, input);
    if (!decoded.ok) return invalidResponse(decoded.reason, { ...name, status });
    if (decoded.dropped !== undefined && decoded.dropped > 0) {
      events.onItemsDropped?.(decoded.dropped, operation, service);
    }
    return { kind: 'full', value: decoded.value, isAbsent: false, headers, elapsedMs };
  }

  function decodeBody(body: string, input: Input): Decoded<Value> {
    if (body === '') return { ok: false, reason: 'empty_body' };
    const json = tryParseJson(body);
    return json === undefined ? { ok: false, reason: 'not_json' } : endpoint.decode(json, input);
  }

  function refusalIn(response: TransportResponse, secret: string) {
    return errorDialect.statuses.includes(response.status)
      ? errorDialect.readRefusal(response, { argumentNames, secret })
      : classifyStatus(response, Date.now());
  }

  /** What a 404 means for a write. Nobody asks whether the path is there: that would be another write. */
  function missingIn(response: TransportResponse): Failure {
    const notFound = errorDialect.readNotFound(response);
    const { status } = response;
    if (notFound === 'foreign') return { kind: 'unexpected_status', status, reason: 'foreign_not_found' };
    // Where the path names nothing, only the path itself can be missing.
    const isPath = notFound === 'unclear' && !template.includes('{');
    return isPath ? { kind: 'unexpected_status', status, reason: 'unknown_path' } : { kind: 'not_found' };
  }

  function readAbsence(
    response: TransportResponse,
    value: Value,
    elapsedMs: number,
  ): Answer<Value> | UnclearAnswer | UpstreamError {
    const { status, headers } = response;
    const notFound = errorDialect.readNotFound(response);
    if (notFound === 'absent') return { kind: 'full', value, isAbsent: true, headers, elapsedMs };
    if (notFound === 'unclear') return { kind: 'unclear', headers, elapsedMs };
    const failure = { kind: 'unexpected_status', status, reason: 'foreign_not_found' } as const;
    return new UpstreamError(failure, { ...name, status });
  }

  return async (request, { signal, observer }, number) => {
    const { input, apiKey, previous } = request;
    const attempt = { service, operation, method, urlTemplate: template, number };
    const startedAtMs = now();
    const headers = observer?.onAttemptStart(attempt);
    const report = (
      status: number | undefined,
      failure: AttemptResult['failure'],
      durationMs = now() - startedAtMs,
    ) => {
      const result = { status, failure, durationMs };
      observer?.onAttemptEnd(attempt, result);
      events.onAttempt?.(attempt, result);
    };
    let durationMs: number | undefined;
    let answer: Answer<Value> | UnclearAnswer | UpstreamError;
    let status: number | undefined;
    try {
      const response = await transport.send({
        name,
        method,
        path: pathOf(input),
        body: 'body' in input ? input.body : undefined,
        apiKey,
        signal,
        validators: previous?.validators,
        headers,
        maxResponseBytes,
        onBody: observer && ((bytes) => observer.onBody(bytes)),
      });
      ({ status } = response);
      durationMs = now() - startedAtMs;
      answer = read(response, request, durationMs);
    } catch (error) {
      if (!(error instanceof UpstreamError)) {
        report(status, 'cancelled', durationMs);
        throw error;
      }
      answer = error;
    }
    if (answer instanceof UpstreamError) {
      report(status ?? answer.upstream?.status, answer.failure.kind, durationMs);
    } else report(status, undefined, durationMs);
    return answer;
  };
}

function invalidResponse(reason: InvalidResponseReason, call: UpstreamCall & CallName): UpstreamError {
  return new UpstreamError({ kind: 'invalid_response', reason }, call);
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
