import { isObject } from '../../../shared/is-object.ts';
import { Refusal } from '../../http/refusal.ts';
import type { TrustedDocument, TrustedDocuments } from './documents.ts';

/**
 * Finds the document that a request names by an id instead of its text: `documentId` (GraphQL over HTTP, appendix
 * "Persisted Documents") or Apollo's `extensions.persistedQuery.sha256Hash`.
 *
 * @returns undefined where the request has no id
 * @throws {Refusal} 400 for an id that is unknown or no string
 * @see https://github.com/graphql/graphql-over-http/blob/main/spec/Appendix%20A%20--%20Persisted%20Documents.md
 */
export function findDocument(
  { documentId, extensions }: Readonly<Record<string, unknown>>,
  documents: TrustedDocuments,
): TrustedDocument | undefined {
  if (documentId !== undefined && documentId !== null) {
    if (typeof documentId !== 'string') throw badRequest('The "documentId" must be a string.');
    return documents.find(documentId) ?? notFound('There is no trusted document with this id.');
  }
  const persistedQuery = isObject(extensions) ? extensions['persistedQuery'] : undefined;
  if (!isObject(persistedQuery)) return undefined;
  const { sha256Hash } = persistedQuery;
  if (typeof sha256Hash !== 'string') throw badRequest('The "sha256Hash" must be a string.');
  // Clients of Apollo's protocol recognise the error by this message.
  return documents.find(sha256Hash) ?? notFound('PersistedQueryNotFound');
}

/** Creates the refusal of a request with a document of its own, where only trusted documents are executed. */
export function onlyTrusted(): Refusal {
  return badRequest('Only trusted documents are executed here: send the id of one as "documentId".');
}

function notFound(message: string): never {
  throw new Refusal(400, 'PERSISTED_QUERY_NOT_FOUND', message);
}

function badRequest(message: string): Refusal {
  return new Refusal(400, 'BAD_REQUEST', message);
}
