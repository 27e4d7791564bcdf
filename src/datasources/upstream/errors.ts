import { ExpectedError } from '../../shared/expected-error.ts';

/** An operation of a service, by the names that errors, logs, metrics and traces give them. */
export interface OperationName {
  readonly service: string;
  readonly operation: string;
}

/** An operation with its service's name for people. */
export interface CallName extends OperationName {
  /** @default `service` */
  readonly title?: string | undefined;
}

/** One input that was refused, as the service or the gateway describes it. */
export interface FieldError {
  /** The argument's name, then the way inside it: `["id"]`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** A machine-readable kind, such as Pydantic's `uuid_parsing`. */
  readonly type: string;
}

/** Every failure of a call, by kind. Only `fieldErrors` contains text of the service's. */
export type Failure =
  | { readonly kind: 'invalid_input'; readonly fieldErrors: readonly FieldError[] }
  | { readonly kind: 'unauthenticated'; readonly reason: 'missing_key' | 'malformed_key' | 'refused_key' }
  | { readonly kind: 'forbidden' }
  /** Of a write: the service has nothing of that id that the key may see. */
  | { readonly kind: 'not_found' }
  /** Of a write: it does not fit the state that the thing is in. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'rate_limited'; readonly retryAfterMs: number | undefined }
  | {
      readonly kind: 'timeout';
      readonly phase: 'connect' | 'attempt' | 'deadline';
      /** No byte of the request went out, so it may be sent again whatever it does. */
      readonly isUnsent?: boolean;
    }
  /** `reason`: `circuit_open`, an error code such as `ECONNREFUSED`, a status such as `http_503`, or a proxy's, `proxy_407`. */
  | {
      readonly kind: 'unavailable';
      readonly reason: string;
      readonly retryAfterMs?: number | undefined;
      /** The connection was closed by the service before the request arrived: no sign of an unhealthy service. */
      readonly isStaleConnection?: boolean;
      /** No byte of the request went out, so it may be sent again whatever it does. */
      readonly isUnsent?: boolean;
    }
  /**
   * `reason`, of a 404: something other than the service answered (`foreign_not_found`), or the service has no such
   * path (`unknown_path`).
   */
  | {
      readonly kind: 'unexpected_status';
      readonly status: number;
      readonly reason?: 'foreign_not_found' | 'unknown_path';
    }
  | { readonly kind: 'invalid_response'; readonly reason: InvalidResponseReason }
  | { readonly kind: 'overloaded'; readonly retryAfterMs: number };

export type InvalidResponseReason =
  | 'malformed_http'
  /** A 304 that no condition asked for. */
  | 'not_modified'
  | 'redirect'
  | 'encoded_body'
  | 'body_too_large'
  | 'not_utf8'
  | 'empty_body'
  | 'not_json'
  | 'wrong_shape'
  /** One value is not of its field's type; the rest of the answer is used. */
  | 'unusable_value'
  | 'other_id';

export type FailureKind = Failure['kind'];

/** Names a call and the status of its answer, as `extensions.upstream` does. */
export interface UpstreamCall extends OperationName {
  readonly status?: number;
}

/**
 * What became of a write that failed. `not_applied`: it was surely not done. `unknown`: it may have been done, or may
 * still be.
 */
export type WriteOutcome = 'not_applied' | 'unknown';

/** The reason of a request's signal when the request's deadline has passed. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/**
 * The error that calls throw for a failure of the service, the network or the input. A caller that left gets its
 * `signal.reason` instead, and defects of the gateway are other errors.
 *
 * It has no `cause`: undici's errors hold socket addresses and `JSON.parse`'s hold body text.
 */
export class UpstreamError extends ExpectedError {
  override readonly name = 'UpstreamError';
  readonly failure: Failure;
  /** Undefined where nothing was sent. */
  readonly upstream: UpstreamCall | undefined;
  /** The service's name in messages for people. */
  readonly serviceTitle: string | undefined;

  /** Of a write; undefined of a read. */
  readonly outcome: WriteOutcome | undefined;

  /** @param serviceTitle of a call that was refused before it had a name */
  constructor(
    failure: Failure,
    call?: UpstreamCall & CallName,
    serviceTitle?: string,
    outcome?: WriteOutcome,
  ) {
    super('reason' in failure ? `${failure.kind}: ${failure.reason}` : failure.kind);
    this.failure = failure;
    this.serviceTitle = serviceTitle;
    this.outcome = outcome;
    if (call === undefined) return;
    const { title, ...upstream } = call;
    this.upstream = upstream;
    this.serviceTitle = title ?? upstream.service;
  }
}

/**
 * Creates the error for input that is refused before any call.
 *
 * @param argument the name of the argument
 * @param message what was expected; it reaches the client, so it repeats nothing that the client sent
 * @param type see `FieldError`
 */
export function invalidInput(argument: string, message: string, type: string): UpstreamError {
  return new UpstreamError({ kind: 'invalid_input', fieldErrors: [{ path: [argument], message, type }] });
}

/** The same error, of a write. */
export function withOutcome(error: UpstreamError, outcome: WriteOutcome): UpstreamError {
  return new UpstreamError(error.failure, callOf(error), error.serviceTitle, outcome);
}

function callOf({ upstream, serviceTitle }: UpstreamError): (UpstreamCall & CallName) | undefined {
  return upstream && { ...upstream, title: serviceTitle };
}

/** Maps the reason of a caller's signal to the error that the caller gets: its passed deadline becomes a `timeout`. */
export function deadlineError(reason: unknown, name: CallName): unknown {
  return reason instanceof DeadlineExceeded
    ? new UpstreamError({ kind: 'timeout', phase: 'deadline' }, name)
    : reason;
}

/**
 * Renames an argument in an `invalid_input` error: an item of `ids` is `["ids", 2]` to the client and `["id"]` to the
 * data source. Returns any other error unchanged.
 */
export function renameArgument(error: unknown, from: string, to: readonly (string | number)[]): unknown {
  return mapPaths(error, (path) => (path[0] === from ? [...to, ...path.slice(1)] : path));
}

/** The same error for a caller who gave all arguments within another one: `["name"]` becomes `["input", "name"]`. */
export function nestArguments(error: unknown, within: string): unknown {
  return mapPaths(error, (path) => (path[0] === within ? path : [within, ...path]));
}

function mapPaths(error: unknown, map: (path: FieldError['path']) => FieldError['path']): unknown {
  if (!(error instanceof UpstreamError) || error.failure.kind !== 'invalid_input') return error;
  const fieldErrors = error.failure.fieldErrors.map((fieldError) => ({
    ...fieldError,
    path: map(fieldError.path),
  }));
  return new UpstreamError(
    { kind: 'invalid_input', fieldErrors },
    callOf(error),
    error.serviceTitle,
    error.outcome,
  );
}
