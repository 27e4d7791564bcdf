import type { FieldError } from './datasources/upstream/errors.ts';
import { errorTable } from './shared/error-codes.ts';
import type { ErrorCode } from './shared/error-codes.ts';
import { isObject } from './shared/is-object.ts';

// `bluejay-graphql/errors`: runs in browsers and imports no package. Each function takes whatever a client has thrown
// or put into its result: Apollo Client's, urql's and graphql-request's errors, GraphQL errors, lists and results of them.
export type { ErrorCode, FieldError };

/**
 * The codes of an error, each once, as far as they are the gateway's. A router between adds codes of its own, which are
 * left out.
 */
export function errorCodes(error: unknown): readonly ErrorCode[] {
  return [...new Set(extensionsOf(error).map(({ code }) => code))].filter(isErrorCode);
}

/**
 * Whether the same request may succeed when it is sent again. False where one of several errors would come again, where
 * the outcome of a write is unknown, and where there was no answer of the gateway's: a write may have been done then.
 */
export function isRetryable(error: unknown): boolean {
  const all = extensionsOf(error);
  return all.length > 0 && all.every(({ retryable, outcome }) => retryable === true && outcome !== 'unknown');
}

/**
 * How long to wait before the request is sent again, in milliseconds: the longest time of several errors.
 *
 * @returns undefined where no error says
 */
export function retryAfterMs(error: unknown): number | undefined {
  const times = extensionsOf(error).flatMap((extensions) =>
    typeof extensions['retryAfterMs'] === 'number' ? [extensions['retryAfterMs']] : [],
  );
  return times.length === 0 ? undefined : Math.max(...times);
}

/** The inputs that were refused, for the fields of a form. */
export function fieldErrors(error: unknown): readonly FieldError[] {
  return extensionsOf(error).flatMap((extensions) =>
    Array.isArray(extensions['fieldErrors']) ? extensions['fieldErrors'].filter(isFieldError) : [],
  );
}

type Extensions = Readonly<Record<string, unknown>>;

/** The extensions of each GraphQL error in what a client gave. */
function extensionsOf(error: unknown): readonly Extensions[] {
  return graphQLErrorsIn(error).map(({ extensions }) => (isObject(extensions) ? extensions : {}));
}

function graphQLErrorsIn(error: unknown): readonly Extensions[] {
  if (Array.isArray(error)) return error.filter(isObject);
  if (!isObject(error)) return [];
  const { errors, graphQLErrors, response, bodyText, extensions } = error;
  // Apollo Client's errors, and results; urql's; graphql-request's.
  for (const list of [errors, graphQLErrors, isObject(response) ? response['errors'] : undefined]) {
    if (Array.isArray(list)) return list.filter(isObject);
  }
  // Apollo Client's for a status that is none of success: the body as text.
  if (typeof bodyText === 'string') return graphQLErrorsIn(parse(bodyText));
  return isObject(extensions) ? [error] : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorTable, code);
}

function isFieldError(value: unknown): value is FieldError {
  return (
    isObject(value) &&
    Array.isArray(value['path']) &&
    typeof value['message'] === 'string' &&
    typeof value['type'] === 'string'
  );
}
