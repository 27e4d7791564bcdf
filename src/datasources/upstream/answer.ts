import type { IncomingHttpHeaders } from 'node:http';
import type { CacheEntry } from './cache/entry.ts';
import { isConditional, isConfirmedBy } from './cache/validators.ts';
import { classifyStatus } from './classify-status.ts';
import type { Endpoint } from './endpoint.ts';
import type { ErrorDialect } from './error-dialect.ts';
import { UpstreamError } from './errors.ts';
import type { CallName, Failure, InvalidResponseReason, UpstreamCall } from './errors.ts';
import { tryParseJson } from './json.ts';
import type { Decoded } from './json.ts';
import { successStatuses } from './success.ts';
import type { TransportResponse } from './transport/messages.ts';

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

/**
 * What a response comes to. The error of an attempt that failed is a result like another: to throw it at each layer costs more
 * than all else that is done with it.
 */
export type Result<Value> = Answer<Value> | UnclearAnswer | UpstreamError;

/** A call to send, once or several times. */
export interface CallRequest<Input, Value> {
  readonly input: Input;
  readonly apiKey: string;
  /** The cached answer that a 304 may confirm. */
  readonly previous?: CacheEntry<Value> | undefined;
}

/** For logs and metrics. */
export interface AnswerEvents {
  /** `count` items of a list are unusable, and were left out. */
  readonly onItemsDropped?: ((count: number, operation: string, service: string) => void) | undefined;
}

interface AnswerReaderOptions<Input, Value> {
  readonly service: string;
  /** See `UpstreamOptions`. */
  readonly title?: string | undefined;
  readonly endpoint: Endpoint<string, Input, Value>;
  readonly errorDialect: ErrorDialect;
  readonly events: AnswerEvents;
}

/** Returns what a response to a request means. */
export type AnswerReader<Input, Value> = (
  response: TransportResponse,
  request: CallRequest<Input, Value>,
  elapsedMs: number,
) => Result<Value>;

/** Creates the function that reads the responses of an endpoint. */
export function createAnswerReader<Input extends object, Value>(
  options: AnswerReaderOptions<Input, Value>,
): AnswerReader<Input, Value> {
  const { service, title, endpoint, errorDialect, events } = options;
  const { operation, method, path: template, absent, argumentNames = {} } = endpoint;
  const name = { service, operation, title };
  const isWrite = method !== 'GET';

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

  function readAbsence(response: TransportResponse, value: Value, elapsedMs: number): Result<Value> {
    const { status, headers } = response;
    const notFound = errorDialect.readNotFound(response);
    if (notFound === 'absent') return { kind: 'full', value, isAbsent: true, headers, elapsedMs };
    if (notFound === 'unclear') return { kind: 'unclear', headers, elapsedMs };
    const failure = { kind: 'unexpected_status', status, reason: 'foreign_not_found' } as const;
    return new UpstreamError(failure, { ...name, status });
  }

  return (response, { input, apiKey, previous }, elapsedMs) => {
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
  };
}

function invalidResponse(reason: InvalidResponseReason, call: UpstreamCall & CallName): UpstreamError {
  return new UpstreamError({ kind: 'invalid_response', reason }, call);
}
