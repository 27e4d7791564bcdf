import { GraphQLError, Kind, print } from 'graphql';
import type { Failure, FailureKind, UpstreamCall } from '../datasources/bluejay/errors.ts';
import { BluejayError } from '../datasources/bluejay/errors.ts';

/** Every `extensions.code` that can leave the gateway, and when. The README prints this table. */
export const errorTable = {
  BAD_USER_INPUT:
    'An argument is wrong: refused by the schema, or by Bluejay with a 422 about the path, query or body.',
  UNAUTHENTICATED: 'No API key, a malformed one, or one that Bluejay does not accept.',
  FORBIDDEN: 'The API key may not do this.',
  RATE_LIMITED: 'Bluejay limits the requests of this API key.',
  UPSTREAM_TIMEOUT: 'Bluejay did not answer in time.',
  UPSTREAM_UNAVAILABLE: 'Bluejay cannot be reached, or answers 502, 503 or 504.',
  UPSTREAM_ERROR: 'Bluejay answered with any other status.',
  UPSTREAM_INVALID_RESPONSE:
    'Bluejay answered with something unusable: not JSON, a wrong shape, another id, too large, a redirect.',
  OVERLOADED: 'Too many calls are waiting for Bluejay already.',
  QUERY_TOO_COMPLEX: 'A limit on the query is broken; `limit` names it.',
  GRAPHQL_PARSE_FAILED: 'The document is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  BAD_REQUEST: 'The HTTP request is not a GraphQL request, or names no operation of its document.',
  INTERNAL_SERVER_ERROR: 'Anything unforeseen. The log has the cause under `requestId`.',
} as const;

export type ErrorCode = keyof typeof errorTable;

interface Row {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** What each failure of the data source becomes; the compiler insists on every kind. */
const rows: { readonly [Kind in FailureKind]: (failure: Extract<Failure, { kind: Kind }>) => Row } = {
  invalid_input: ({ fieldErrors }) => ({
    code: 'BAD_USER_INPUT',
    message: [
      'Invalid input',
      ...fieldErrors.map(({ path, message }) => `${path.join('.')}: ${message}`),
    ].join('; '),
    retryable: false,
    extensions: { fieldErrors },
  }),
  unauthenticated: ({ reason }) => ({
    code: 'UNAUTHENTICATED',
    message:
      reason === 'missing_key'
        ? 'Send your Bluejay API key in the X-API-Key header.'
        : 'Bluejay does not accept the API key.',
    retryable: false,
  }),
  forbidden: () => ({
    code: 'FORBIDDEN',
    message: 'The API key may not do this; ask for access in Bluejay.',
    retryable: false,
  }),
  rate_limited: ({ retryAfterMs }) => ({
    code: 'RATE_LIMITED',
    message: 'Bluejay limits the requests of this API key; try again later.',
    retryable: true,
    ...(retryAfterMs !== undefined && { extensions: { retryAfterMs } }),
  }),
  timeout: () => ({
    code: 'UPSTREAM_TIMEOUT',
    message: 'Bluejay did not answer in time; try again.',
    retryable: true,
  }),
  unavailable: () => ({
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'Bluejay cannot be reached at the moment; try again later.',
    retryable: true,
  }),
  unexpected_status: () => ({
    code: 'UPSTREAM_ERROR',
    message: 'Bluejay failed; if it goes on, report the requestId.',
    retryable: true,
  }),
  invalid_response: () => ({
    code: 'UPSTREAM_INVALID_RESPONSE',
    message: 'Bluejay sent an unusable answer; if it goes on, report the requestId.',
    retryable: false,
  }),
  overloaded: ({ retryAfterMs }) => ({
    code: 'OVERLOADED',
    message: 'The gateway has too much to do at the moment; try again later.',
    retryable: true,
    extensions: { retryAfterMs },
  }),
};

export interface ErrorContext {
  readonly requestId: string;
  /** Told of every masked error, with the cause that the client does not see. */
  readonly onUnforeseen: (error: unknown) => void;
}

/**
 * The errors of a result as they leave the gateway: each with a code of the table and the request id.
 * What is not known to be fit for strangers is masked.
 *
 * @param executed whether the result has data: an error without it refuses the request (HTTP 400 or 500)
 */
export function formatErrors(
  errors: readonly GraphQLError[],
  executed: boolean,
  context: ErrorContext,
): GraphQLError[] {
  return errors.map((error) => formatError(error, executed, context));
}

function formatError(error: GraphQLError, executed: boolean, context: ErrorContext): GraphQLError {
  const { requestId } = context;
  const original = rootCause(error);
  if (original instanceof BluejayError) {
    const { message, code, retryable, extensions } = rowOf(original.failure);
    const upstream = formatUpstream(original.upstream);
    return located(error, message, { code, requestId, retryable, ...extensions, ...upstream });
  }
  if (original instanceof GraphQLError) {
    const known = describe(original, error, executed);
    if (known !== undefined) {
      const http = executed ? undefined : { http: { status: 400, spec: true } };
      return located(error, known.message, { ...known.extensions, requestId, ...http });
    }
  }
  context.onUnforeseen(original);
  const http = executed ? undefined : { http: { status: 500 } };
  return located(error, 'Something went wrong; report the requestId.', {
    code: 'INTERNAL_SERVER_ERROR',
    requestId,
    ...http,
  });
}

/** What the gateway's own code, graphql-js's parser or its validation said, or undefined: mask it. */
function describe(
  original: GraphQLError,
  error: GraphQLError,
  executed: boolean,
): { message: string; extensions: Readonly<Record<string, unknown>> } | undefined {
  const [node] = error.nodes ?? [];
  if (!executed && error.originalError !== undefined && node?.kind === Kind.VARIABLE_DEFINITION) {
    return describeVariable(original, error, `$${node.variable.name.value}`, print(node.type));
  }
  const { code, limit } = original.extensions;
  if (typeof code === 'string' && Object.hasOwn(errorTable, code)) {
    return { message: original.message, extensions: { code, ...(limit !== undefined && { limit }) } };
  }
  if (executed) return undefined;
  // graphql-js refused to start: a variable is missing or null, or no operation of that name exists.
  const isVariable = node?.kind === Kind.VARIABLE_DEFINITION;
  return { message: original.message, extensions: { code: isVariable ? 'BAD_USER_INPUT' : 'BAD_REQUEST' } };
}

/**
 * graphql-js repeats the value of a variable that does not fit its type, and the value may be a secret.
 * Its message is `Variable "$ids" got invalid value … at "ids[1]"; <reason>`: only the place is kept, and
 * the reason when it is one of our own scalars'.
 */
function describeVariable(original: GraphQLError, error: GraphQLError, variable: string, type: string) {
  const prefix = error.message.slice(0, -`; ${original.message}`.length);
  const place = / at "([^"]*)"$/.exec(prefix)?.[1];
  const subject = place === undefined ? variable : `$${place}`;
  const reason = original.extensions['code'] === 'BAD_USER_INPUT' ? ` ${original.message}` : '';
  return {
    message: `Variable "${subject}" does not fit the type ${type}.${reason}`,
    extensions: { code: 'BAD_USER_INPUT' },
  };
}

function rowOf(failure: Failure): Row {
  // TypeScript cannot relate the union's member to the row of its kind.
  return (rows[failure.kind] as (failure: Failure) => Row)(failure);
}

function formatUpstream(call: UpstreamCall | undefined): { upstream?: Record<string, unknown> } {
  return call === undefined ? {} : { upstream: { service: 'bluejay', ...call } };
}

function rootCause(error: Error): Error {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/** A new error at the same place: the original's stack and cause stay behind. */
function located(error: GraphQLError, message: string, extensions: Record<string, unknown>): GraphQLError {
  return new GraphQLError(message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions,
  });
}
