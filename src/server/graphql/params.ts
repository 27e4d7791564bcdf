import { isUtf8 } from 'node:buffer';
import { isObject } from '../../shared/is-object.ts';
import { Refusal } from '../http/refusal.ts';
import type { TrustedDocuments } from './trusted-documents/documents.ts';
import { documentIdOf, findDocument, onlyTrusted } from './trusted-documents/find-document.ts';

/** The parameters of a GraphQL request (GraphQL over HTTP, "Request Parameters"). */
export interface GraphQLParams {
  readonly query: string;
  readonly operationName: string | undefined;
  /** What the operation does not declare is dropped once the operation is known. */
  variables: Readonly<Record<string, unknown>> | undefined;
  /** Dropped where no plugin may read them. */
  extensions: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads the parameters from a JSON body. Other members of the object are ignored.
 *
 * @param documents undefined where trusted documents are off
 * @throws {Refusal} 400 with a message that repeats nothing of the body
 */
export function parseGraphQLParams(body: Buffer, documents?: TrustedDocuments): GraphQLParams {
  if (!isUtf8(body)) throw badRequest('The body is not UTF-8.');
  const params = readJson(body.toString('utf8'), 'The body');
  if (Array.isArray(params)) throw badRequest('Batches are not supported: send one operation a request.');
  if (!isObject(params)) throw badRequest('The body must be a JSON object with a "query".');
  return createParams(queryOf(params, documents), params);
}

/**
 * Returns the document of a request: its `query`, or the trusted document whose id it has instead.
 *
 * @param documents undefined where trusted documents are off
 * @throws {Refusal} where there is none, or it is not executed here
 */
export function queryOf(
  params: Readonly<Record<string, unknown>>,
  documents: TrustedDocuments | undefined,
): string {
  const { query } = params;
  const id = query === undefined || query === null ? documentIdOf(params) : undefined;
  if (id !== undefined) return findDocument(id, documents);
  if (documents?.isExclusive === true) throw onlyTrusted();
  if (typeof query === 'string' && query !== '') return query;
  throw badRequest('The "query" must be a string that holds a GraphQL document.');
}

/**
 * Checks the parameters beside the document.
 *
 * @throws {Refusal} 400 for a parameter of the wrong type
 */
export function createParams(
  query: string,
  { operationName, variables, extensions }: Readonly<Record<string, unknown>>,
): GraphQLParams {
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    throw badRequest('The "operationName" must be a string or null.');
  }
  return {
    query,
    operationName: operationName ?? undefined,
    variables: variables === undefined ? undefined : objectOf('variables', variables),
    extensions: extensions === undefined ? undefined : objectOf('extensions', extensions),
  };
}

/**
 * Parses JSON that a client has sent.
 *
 * @param name of the text, for the message
 * @throws {Refusal} 400 where it is not JSON
 */
export function readJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRequest(`${name} is not valid JSON.`);
  }
}

function objectOf(name: string, value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value === null) return undefined;
  if (isObject(value)) return value;
  throw badRequest(`The "${name}" must be an object or null.`);
}

function badRequest(message: string): Refusal {
  return new Refusal(400, 'BAD_REQUEST', message);
}
