import { isUtf8 } from 'node:buffer';
import { isObject } from '../is-object.ts';
import { Refusal } from './refusal.ts';

/** The parameters of a GraphQL request (GraphQL over HTTP, "Request Parameters"). */
export interface GraphQLParams {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads the parameters from a JSON body. Other members of the object are ignored.
 *
 * @throws {Refusal} 400, and what is wrong in words of our own: nothing of the body is repeated
 */
export function parseGraphQLParams(body: Buffer): GraphQLParams {
  const params = parseJson(body);
  if (Array.isArray(params)) throw badRequest('Batches are not supported: send one operation a request.');
  if (!isObject(params)) throw badRequest('The body must be a JSON object with a "query".');
  const { query, operationName, variables, extensions } = params;
  if (typeof query !== 'string' || query === '') {
    throw badRequest('The "query" must be a string that holds a GraphQL document.');
  }
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    throw badRequest('The "operationName" must be a string or null.');
  }
  return {
    query,
    operationName: operationName ?? undefined,
    variables: optionalObject('variables', variables),
    extensions: optionalObject('extensions', extensions),
  };
}

function parseJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw badRequest('The body is not UTF-8.');
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw badRequest('The body is not valid JSON.');
  }
}

function optionalObject(name: string, value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value === null) return undefined;
  if (isObject(value)) return value;
  throw badRequest(`The "${name}" must be an object or null.`);
}

function badRequest(message: string): Refusal {
  return new Refusal(400, 'BAD_REQUEST', message);
}
