import { readFileSync } from 'node:fs';
import type { Attack } from '../attack.ts';
import { isRefused, post, send } from '../attack.ts';

const path = 'examples/frontend/gql/persisted-documents.json';
const settings = { TRUSTED_DOCUMENTS: path };
const unknown = `sha256:${'f'.repeat(64)}`;
/** The id of the query for one persona, which a change of that query changes. */
const [persisted = ''] =
  Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>).find(([, text]) =>
    text.includes('query Persona('),
  ) ?? [];
const variables = encodeURIComponent('{"id":"3c90c3cc-0d44-4b50-8888-8dd25736052a"}');

const only = (name: string, status: number, attempt: Parameters<typeof isRefused>[2], code = 'BAD_REQUEST') =>
  isRefused(`Trusted documents: ${name}`, status, attempt, { code, settings });

/** With a list of trusted documents. */
export const trustedDocuments: readonly Attack[] = [
  only('a document that is not trusted', 400, (target) => post(target, { query: '{ __typename }' })),
  only('a document that is not trusted, beside the id of one that is', 400, (target) =>
    post(target, { query: '{ __typename }', documentId: persisted }),
  ),
  only(
    'an id that nobody knows',
    400,
    (target) => post(target, { documentId: unknown }),
    'PERSISTED_QUERY_NOT_IN_LIST',
  ),
  only('a document to be remembered (automatic persisted queries)', 400, (target) =>
    post(target, {
      query: '{ __typename }',
      extensions: { persistedQuery: { version: 1, sha256Hash: 'f'.repeat(64) } },
    }),
  ),
  only('a document in the URL', 400, (target) => send(target, {}, '/graphql?query={__typename}')),
  only('an image on another site', 403, (target) =>
    send(
      target,
      { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
      `/graphql?documentId=${persisted}&variables=${variables}`,
    ),
  ),
];
