import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { GraphQLParams } from '../params.ts';
import { createParams, parseJson } from '../params.ts';
import { Refusal } from '../../http/refusal.ts';
import type { TrustedDocuments } from './documents.ts';
import { findDocument } from './find-document.ts';

/**
 * The parameters of a GET for a trusted document: the id and the variables, as JSON, in the URL.
 *
 * @returns undefined where there is no id, or what it names is not for GET
 * @throws {Refusal} 400 for parameters that are wrong; 403 for the images, scripts, frames and links of another site
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
    // An empty one is none (GraphQL over HTTP, "GET").
    if (value) params[name] = isJson(name) ? parseJson(value, `The "${name}" parameter`) : value;
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
 * A page elsewhere can make a browser send a GET by an image or a link. It cannot see the answer, but it
 * would see how long that takes. What fetch sends is CORS's business.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
function refuseForeignPages(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'] ?? 'none';
  if (site === 'none' || site === 'same-origin' || headers['sec-fetch-mode'] === 'cors') return;
  throw new Refusal(403, 'BAD_REQUEST', 'A page of another site may ask for this only by fetch.');
}
