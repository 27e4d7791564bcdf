import type { IncomingMessage } from 'node:http';
import type { GraphQLParams } from './params.ts';
import { createParams, queryOf, readJson } from './params.ts';
import { Refusal } from '../http/refusal.ts';
import type { TrustedDocuments } from './trusted-documents/documents.ts';

/**
 * Reads the parameters of a GET from its URL (GraphQL over HTTP, "GET").
 *
 * @param documents undefined where trusted documents are off
 * @throws {Refusal} 400 for parameters that are wrong, 200 where the client is to send the text of a document
 */
export function parseUrlParams({ url = '' }: IncomingMessage, documents?: TrustedDocuments): GraphQLParams {
  const search = new URLSearchParams(url.split('?').slice(1).join('?'));
  const params: Record<string, unknown> = {};
  for (const name of ['query', 'documentId', 'operationName', 'variables', 'extensions']) {
    const [value, second] = search.getAll(name);
    if (second !== undefined) throw new Refusal(400, 'BAD_REQUEST', `Send "${name}" once.`);
    // An empty parameter counts as missing.
    if (value) params[name] = isJson(name) ? readJson(value, `The "${name}" parameter`) : value;
  }
  return createParams(queryOf(params, documents), params);
}

function isJson(name: string): boolean {
  return name === 'variables' || name === 'extensions';
}
