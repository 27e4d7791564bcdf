import { ClientError, GraphQLClient } from 'graphql-request';
import type { TypedDocumentString } from './gql/graphql.ts';

/** What an argument or a field of an input has against it; `path` is such as `["input", "name"]`. */
export interface FieldError {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** An error in an answer of the gateway. */
export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions: {
    readonly code?: string;
    readonly requestId?: string;
    readonly retryable?: boolean;
    readonly retryAfterMs?: number;
    readonly fieldErrors?: readonly FieldError[];
    /** Of a write only: `unknown` when it may have been done. */
    readonly outcome?: 'not_applied' | 'unknown';
  };
}

/** Thrown when what was asked for could not be had at all. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly extensions: AnswerError['extensions'];
  /** When the read is tried again, in milliseconds since 1970. */
  retryAt: number | undefined;

  constructor({ message, extensions }: AnswerError, options?: ErrorOptions) {
    super(message, options);
    this.extensions = extensions;
  }
}

/** Fields that failed leave the others in place. */
export interface Answer<Data> {
  readonly data: Data;
  readonly errors: readonly AnswerError[];
}

const client = new GraphQLClient(new URL('/graphql', location.href).href, { errorPolicy: 'all' });

/**
 * Sends a typed operation.
 *
 * @throws {GatewayError} when the whole request failed
 */
export async function send<Data, Variables extends object>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Answer<Data>> {
  try {
    const { data, errors = [] } = await client.rawRequest<Data>({
      query: document.toString(),
      variables,
      ...(signal && { signal }),
    });
    return { data, errors };
  } catch (error) {
    throw signal?.aborted ? error : new GatewayError(refusalOf(error), { cause: error });
  }
}

/** The error of a request that was refused, or that no gateway answered. */
function refusalOf(error: unknown): AnswerError {
  const [first] = error instanceof ClientError ? (error.response.errors ?? []) : [];
  if (first !== undefined) return first;
  return {
    message: 'The gateway cannot be reached at the moment.',
    extensions: { code: 'GATEWAY_UNREACHABLE', retryable: true },
  };
}

/**
 * The value of a root field.
 *
 * @throws {GatewayError} when it is null because it failed
 */
export function rootField<Data extends object, Name extends keyof Data & string>(
  { data, errors }: Answer<Data>,
  name: Name,
): Data[Name] {
  // An answer without data has errors without a path.
  const value = (data as Data | null | undefined)?.[name];
  const error = errors.find(({ path }) => path === undefined || (path.length === 1 && path[0] === name));
  if (value === undefined || (value === null && error !== undefined)) {
    throw new GatewayError(error ?? { message: 'The gateway sent an unusable answer.', extensions: {} });
  }
  return value;
}
