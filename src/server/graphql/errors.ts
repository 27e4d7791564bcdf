import { GraphQLError, Kind, print } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import type { Failure, FailureKind, UpstreamCall } from '../../datasources/upstream/errors.ts';
import { UpstreamError } from '../../datasources/upstream/errors.ts';
import { errorTable } from '../../shared/error-codes.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';

interface Row {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

type UnauthenticatedReason = Extract<Failure, { kind: 'unauthenticated' }>['reason'];

/** Maps each kind of failure to an error, with the service's title for its message. */
const rows: {
  readonly [Kind in FailureKind]: (failure: Extract<Failure, { kind: Kind }>, service: string) => Row;
} = {
  invalid_input: ({ fieldErrors }) => ({
    code: 'BAD_USER_INPUT',
    message: `Invalid input${fieldErrors[0] === undefined ? '' : `: ${fieldErrors[0].message}`}`,
    retryable: false,
    extensions: { fieldErrors },
  }),
  unauthenticated: ({ reason }, service) => ({
    code: 'UNAUTHENTICATED',
    message: unauthenticatedMessages[reason](service),
    retryable: false,
  }),
  forbidden: (_failure, service) => ({
    code: 'FORBIDDEN',
    message: `The API key may not do this; ask for access in ${service}.`,
    retryable: false,
  }),
  not_found: (_failure, service) => ({
    code: 'NOT_FOUND',
    message: `${service} has nothing of this id that the API key may see.`,
    retryable: false,
  }),
  conflict: (_failure, service) => ({
    code: 'CONFLICT',
    message: `${service} refuses this for the state that it is in: read it again.`,
    retryable: false,
  }),
  rate_limited: ({ retryAfterMs }, service) => ({
    code: 'RATE_LIMITED',
    message: `${service} limits the requests of this API key; try again later.`,
    retryable: true,
    ...(retryAfterMs !== undefined && { extensions: { retryAfterMs } }),
  }),
  timeout: (_failure, service) => ({
    code: 'UPSTREAM_TIMEOUT',
    message: `${service} did not answer in time; try again.`,
    retryable: true,
  }),
  unavailable: ({ reason, retryAfterMs }, service) => ({
    code: 'UPSTREAM_UNAVAILABLE',
    message: `${service} cannot be reached at the moment; try again later.`,
    retryable: true,
    extensions: {
      ...(reason === 'circuit_open' && { reason }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  }),
  unexpected_status: ({ status }, service) => ({
    code: 'UPSTREAM_ERROR',
    message: `${service} failed; if it goes on, report the requestId.`,
    retryable: status >= 500,
  }),
  invalid_response: (_failure, service) => ({
    code: 'UPSTREAM_INVALID_RESPONSE',
    message: `${service} sent an unusable answer; if it goes on, report the requestId.`,
    retryable: false,
  }),
  overloaded: ({ retryAfterMs }) => ({
    code: 'OVERLOADED',
    message: 'The gateway has too much to do at the moment; try again later.',
    retryable: true,
    extensions: { retryAfterMs },
  }),
};

const unauthenticatedMessages: Readonly<Record<UnauthenticatedReason, (service: string) => string>> = {
  missing_key: (service) => `Send your ${service} API key in the X-API-Key header.`,
  malformed_key: (service) =>
    `Send one ${service} API key in the X-API-Key header: 8 to 256 visible ASCII characters without a comma.`,
  refused_key: (service) => `${service} does not accept the API key.`,
};

export interface ErrorContext {
  readonly requestId: string;
  /** Called with each failed read, which has the reason that the client does not see. */
  readonly onFailure: (error: UpstreamError) => void;
  /** Called with the cause of each masked error. */
  readonly onUnforeseen: (error: unknown) => void;
}

/** An error as an answer has it (GraphQL, section 7.1.2): a plain object, because creating an Error is expensive. */
export type FormattedError = GraphQLFormattedError & {
  readonly extensions: Readonly<Record<string, unknown>>;
};

/**
 * Formats the errors of a result for the client: each has a code of the error table and the request id. Messages that may
 * hold secrets or internals are masked.
 *
 * @example
 * const errors = formatErrors(result.errors ?? [], {
 *   requestId,
 *   onFailure: ({ message }) => logger.warn({ requestId }, message),
 *   onUnforeseen: (error) => logger.error({ requestId, err: error }, 'unforeseen error'),
 * });
 */
export function formatErrors(errors: readonly GraphQLError[], context: ErrorContext): FormattedError[] {
  return errors.map((error) => formatError(error, context));
}

/** Returns whether an error refuses the whole request: an error of a field has a path. */
export function isRequestError(error: { readonly path?: GraphQLError['path'] }): boolean {
  return error.path === undefined;
}

function formatError(error: GraphQLError, context: ErrorContext): FormattedError {
  const { requestId } = context;
  const original = rootCause(error);
  if (original instanceof UpstreamError) {
    context.onFailure(original);
    const { message, code, retryable, extensions } = rowOf(original);
    const upstream = formatUpstream(original.upstream);
    return located(error, message, { code, requestId, retryable, ...extensions, ...upstream });
  }
  const known =
    original instanceof GraphQLError ? describe(original, error) : describeOverflow(original, error);
  if (known === undefined) context.onUnforeseen(withoutValues(original));
  const { message, extensions } = known ?? masked;
  return located(error, message, { ...extensions, requestId });
}

const masked = {
  message: 'Something went wrong; report the requestId.',
  extensions: { code: 'INTERNAL_SERVER_ERROR' },
};

/** Returns the message of an error of the gateway, of parsing or of validation; undefined where it must be masked. */
function describe(
  original: GraphQLError,
  error: GraphQLError,
): { message: string; extensions: Readonly<Record<string, unknown>> } | undefined {
  const [node] = error.nodes ?? [];
  const variable = isRequestError(error) && node?.kind === Kind.VARIABLE_DEFINITION ? node : undefined;
  if (variable !== undefined && error.originalError !== undefined) {
    return describeVariable(original, error, `$${variable.variable.name.value}`, print(variable.type));
  }
  const { code, limit } = original.extensions;
  if (code === 'GRAPHQL_VALIDATION_FAILED' && node !== undefined && isValue(node.kind)) {
    return { message: describeValue(original.message), extensions: { code } };
  }
  if (typeof code === 'string' && Object.hasOwn(errorTable, code)) {
    return { message: original.message, extensions: { code, ...(limit !== undefined && { limit }) } };
  }
  // The variable is missing or null.
  if (variable !== undefined) return { message: original.message, extensions: { code: 'BAD_USER_INPUT' } };
  if (node !== undefined && isArgumentPart(node.kind)) {
    // graphql-js detects only at execution that a variable with a default is null.
    const message = 'An argument does not fit its type: a variable in it is null, or of the wrong form.';
    return { message, extensions: { code: 'BAD_USER_INPUT' } };
  }
  if (original.message.startsWith('Too many errors processing variables')) {
    const message = 'Many more values in the variables do not fit their types.';
    return { message, extensions: { code: 'BAD_USER_INPUT' } };
  }
  return undefined;
}

/** Returns whether a node is an argument or a part of its value. */
function isArgumentPart(kind: Kind): boolean {
  return kind === Kind.ARGUMENT || kind === Kind.VARIABLE || kind === Kind.OBJECT_FIELD || isValue(kind);
}

function isValue(kind: Kind): boolean {
  return kind.endsWith('Value');
}

/** Replaces the message about a value of the wrong type: graphql-js repeats the value, which may be a secret. */
function describeValue(message: string): string {
  const type = /^(\w+) cannot represent/.exec(message)?.[1] ?? /of type "([^"]*)"/.exec(message)?.[1];
  return `A value in the document does not fit ${type === undefined ? 'its type' : `the type ${type}`}.${suggestionIn(message)}`;
}

/** What graphql-js suggests, where it does: names of the schema alone. */
function suggestionIn(message: string): string {
  return / Did you mean (?:the enum value )?(?:(?:, or |, | or )?"\w+")+\?$/.exec(message)?.[0] ?? '';
}

/** Describes the error of a document whose depth overflows the stack of the parser or of validation. */
function describeOverflow(original: Error, error: GraphQLError) {
  if (!(original instanceof RangeError) || !isRequestError(error)) return undefined;
  const message = 'The document is nested too deeply: ask for less at a time.';
  return { message, extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'depth' } };
}

/** Replaces an error of graphql-js for the log, because its message may hold values. */
function withoutValues(original: Error): Error {
  return original instanceof GraphQLError
    ? new Error('graphql-js could not execute the operation')
    : original;
}

/**
 * Replaces the message about a variable of the wrong type: graphql-js repeats the value, which may be a secret. Of its
 * message, `Variable "$ids" got invalid value … at "ids[1]"; <reason>`, the place remains, and the reason where it is
 * from a scalar of the schema.
 */
function describeVariable(original: GraphQLError, error: GraphQLError, variable: string, type: string) {
  const prefix = error.message.slice(0, -`; ${original.message}`.length);
  const place = / at "([^"]*)"$/.exec(prefix)?.[1];
  const subject = place === undefined ? variable : `$${place}`;
  const reason = original.extensions['code'] === 'BAD_USER_INPUT' ? ` ${original.message}` : '';
  return {
    message: `Variable "${subject}" does not fit the type ${type}.${reason || suggestionIn(original.message)}`,
    extensions: { code: 'BAD_USER_INPUT' },
  };
}

function rowOf({ failure, serviceTitle: service = 'The service', outcome }: UpstreamError): Row {
  // TypeScript cannot relate the union's member to the row of its kind.
  const row = (rows[failure.kind] as (failure: Failure, service: string) => Row)(failure, service);
  if (outcome === undefined) return row;
  const extensions = { ...row.extensions, outcome };
  if (outcome === 'not_applied') return { ...row, extensions };
  // A client that sends it again could do it twice.
  const message = `${service} gave no usable answer to the write, and may have done it: look before you try again.`;
  return { ...row, message, retryable: false, extensions };
}

function formatUpstream(call: UpstreamCall | undefined): { upstream?: Record<string, unknown> } {
  return call === undefined ? {} : { upstream: { ...call } };
}

function rootCause(error: Error): Error {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/** Creates the formatted error, with the location and the path of the original. */
function located(
  { locations, path }: GraphQLError,
  message: string,
  extensions: Record<string, unknown>,
): FormattedError {
  return {
    message,
    ...(locations !== undefined && { locations }),
    ...(path !== undefined && { path }),
    extensions,
  };
}
