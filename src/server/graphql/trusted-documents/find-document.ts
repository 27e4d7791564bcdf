import { isObject } from '../../../shared/is-object.ts';
import { Refusal } from '../../http/refusal.ts';
import type { TrustedDocuments } from './documents.ts';

/**
 * Returns the id by which a request names a document instead of its text: `documentId` (GraphQL over HTTP, appendix
 * "Persisted Documents") or Apollo's `extensions.persistedQuery.sha256Hash`.
 *
 * @returns undefined where the request has no id
 * @throws {Refusal} 400 for an id that is no string
 * @see https://github.com/graphql/graphql-over-http/blob/main/spec/Appendix%20A%20--%20Persisted%20Documents.md
 */
export function documentIdOf({
  documentId,
  extensions,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (documentId !== undefined && documentId !== null) {
    if (typeof documentId !== 'string') throw badRequest('The "documentId" must be a string.');
    return documentId;
  }
  const persistedQuery = isObject(extensions) ? extensions['persistedQuery'] : undefined;
  if (!isObject(persistedQuery)) return undefined;
  const { sha256Hash } = persistedQuery;
  if (typeof sha256Hash !== 'string') throw badRequest('The "sha256Hash" must be a string.');
  return sha256Hash;
}

/**
 * Finds the text of a document by its id.
 *
 * @param documents undefined where trusted documents are off
 * @throws {Refusal} for an unknown id
 */
export function findDocument(id: string, documents: TrustedDocuments | undefined): string {
  if (documents === undefined) throw notSupported;
  const text = documents.find(id);
  if (text !== undefined) return text;
  throw documents.isExclusive ? notInList : notFound;
}

/** Creates the refusal of a request with a document of its own, where only trusted documents are executed. */
export function onlyTrusted(): Refusal {
  return badRequest('Only trusted documents are executed here: send the id of one as "documentId".');
}

/**
 * Clients and routers recognise these two errors by their messages, and then send the text of the document. Some do so only
 * where the status is 200.
 *
 * @see https://www.apollographql.com/docs/apollo-server/performance/apq
 */
const notSupported = new Refusal(200, 'PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
const notFound = new Refusal(200, 'PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
/** Another status and message, because the text would be refused as well. */
const notInList = new Refusal(
  400,
  'PERSISTED_QUERY_NOT_IN_LIST',
  'The id is not in the list of trusted documents: add the document to it, or send another id.',
);

function badRequest(message: string): Refusal {
  return new Refusal(400, 'BAD_REQUEST', message);
}
