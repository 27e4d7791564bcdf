import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { GraphQLParams } from '../params.ts';
import { createParams, readJson } from '../params.ts';
import { Refusal } from '../../http/refusal.ts';
import type { TrustedDocuments } from './documents.ts';
import { findDocument } from './find-document.ts';

/**
 * Reads the parameters of a GET for a trusted document from the URL: its id, and the variables as JSON.
 *
 * @returns undefined where the URL has no id, or the document has a mutation
 * @throws {Refusal} 400 for wrong parameters; 403 for images, scripts, frames and links of another site
 */
export function parseGetParams(
  { url = '', headers }: IncomingMessage,
  documents: TrustedDocuments,
): GraphQLParams | undefined {
  const search = new URLSearchParams(url.split('?').slice(1).join('?'));
  const params: Record<string, unknown> = {};
  for (const name of ['query', 'documentId', 'operationName', 'variables', 'extensions']) {
    const [value, second] = search.getAll(name);
    if (second !== undefined) throw new Refusal(400, 'BAD_REQUEST', `Send "${name}" once.`);
    // An empty parameter counts as missing (GraphQL over HTTP, "GET").
    if (value) params[name] = isJson(name) ? readJson(value, `The "${name}" parameter`) : value;
  }
  const document = params['query'] === undefined ? findDocument(params, documents) : undefined;
  if (document?.isReadOnly !== true) return undefined;
  refuseForeignPages(headers);
  return createParams(document.text, params);
}

function isJson(name: string): boolean {
  return name === 'variables' || name === 'extensions';
}

/**
 * Refuses what a page of another site makes a browser send with an image, a script, a frame or a link. Such a page cannot
 * read the answer, but could measure its time. Requests of fetch are left to CORS.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
function refuseForeignPages(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'] ?? 'none';
  if (site === 'none' || site === 'same-origin' || headers['sec-fetch-mode'] === 'cors') return;
  throw new Refusal(403, 'BAD_REQUEST', 'A page of another site may ask for this only by fetch.');
}
