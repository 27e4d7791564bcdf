import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { query } from '../../examples/frontend/client.ts';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { configOf, problemsOf } from '../support/config.ts';
import { clinic, exampleId, startGateway } from '../support/gateway.ts';
import type { TestGatewayOptions } from '../support/gateway.ts';
import { startProcess } from '../support/processes.ts';
import { programs } from '../support/programs.ts';

/** What GraphQL Code Generator has written for examples/frontend. */
const path = 'examples/frontend/gql/persisted-documents.json';
const id = personaQuery.__meta__?.['hash'] as string;
const variables = { id: exampleId };
const answer = { data: { persona: { name: clinic.personas[0]?.name } } };

const start = (mode: 'only' | 'prefer' = 'only', options: TestGatewayOptions = {}) =>
  startGateway({ trustedDocuments: { path, mode }, ...options });

/** A file of documents by their ids, or of anything else. */
async function fileOf(content: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trusted-documents-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'documents.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const idOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const persistedQuery = (sha256Hash: unknown) => ({ persistedQuery: { version: 1, sha256Hash } });

test('a document is asked for by its id, as GraphQL over HTTP and as Apollo’s clients name it', async () => {
  const gateway = await start();
  const bare = id.replace('sha256:', '');
  for (const params of [
    { documentId: id },
    { documentId: bare },
    { documentId: id, query: null, operationName: 'Persona' },
    { extensions: persistedQuery(bare) },
  ]) {
    const response = await gateway.post({ ...params, variables });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject(answer);
  }
});

test('the frontend’s client sends ids', async () => {
  const gateway = await start();
  const result = await query(personaQuery, variables, { url: `${gateway.url}/graphql`, byId: true });
  expect(result).toMatchObject(answer);
});

test.each([
  ['as a document', { query: personaQuery.toString() }],
  ['as a document beside an id', { query: personaQuery.toString(), documentId: id }],
  ['as an empty document', { query: '' }],
  ['as nothing at all', {}],
])('where only trusted documents are executed, a query sent %s is refused', async (_name, params) => {
  const gateway = await start();
  const response = await gateway.post({ ...params, variables });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    errors: [
      {
        message: 'Only trusted documents are executed here: send the id of one as "documentId".',
        extensions: { code: 'BAD_REQUEST' },
      },
    ],
  });
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test('where they are preferred, other documents are executed too', async () => {
  const gateway = await start('prefer');
  expect(await (await gateway.post({ query: personaQuery.toString(), variables })).json()).toMatchObject(
    answer,
  );
  expect(await (await gateway.post({ documentId: id, variables })).json()).toMatchObject(answer);
});

const unknown = 'f'.repeat(64);

const outcomes = {
  off: [200, 'PERSISTED_QUERY_NOT_SUPPORTED', /^PersistedQueryNotSupported$/],
  prefer: [200, 'PERSISTED_QUERY_NOT_FOUND', /^PersistedQueryNotFound$/],
  only: [400, 'PERSISTED_QUERY_NOT_IN_LIST', /^The id is not in the list of trusted documents/],
} as const;

test.each(Object.entries(outcomes))(
  'an id alone that is unknown has its own error with the mode %s, whoever sends it and however',
  async (mode, [status, code, message]) => {
    const gateway = await (mode === 'off' ? startGateway() : start(mode as 'only' | 'prefer'));
    for (const params of [
      { documentId: unknown },
      { documentId: '__proto__' },
      { documentId: '' },
      { extensions: persistedQuery(unknown), query: null },
      { extensions: persistedQuery(id.replace('a', 'b')) },
    ]) {
      const answers = [await gateway.post(params)];
      const { documentId, extensions } = params;
      const inUrl = {
        ...(documentId && { documentId }),
        ...(extensions && { extensions: JSON.stringify(extensions) }),
      };
      if (Object.keys(inUrl).length > 0) answers.push(await get(gateway.url, inUrl));
      for (const response of answers) {
        expect(response.status).toBe(status);
        expect(await response.json()).toMatchObject({
          errors: [{ message: expect.stringMatching(message) as string, extensions: { code } }],
        });
      }
    }
  },
);

test.each([
  ['a number', { documentId: 7 }, 'The "documentId" must be a string.'],
  ['a list', { extensions: persistedQuery([id]) }, 'The "sha256Hash" must be a string.'],
])('an id that is %s is refused', async (_name, params, message) => {
  const gateway = await start('prefer');
  const response = await gateway.post(params);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
});

test('a client of Apollo’s protocol falls back to the document where that is allowed', async () => {
  const gateway = await start('prefer');
  const text = '{ __typename }';
  const extensions = persistedQuery(createHash('sha256').update(text).digest('hex'));
  expect(await (await gateway.post({ extensions })).json()).toMatchObject({
    errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
  });
  expect(await (await gateway.post({ query: text, extensions })).json()).toEqual({
    data: { __typename: 'Query' },
  });
});

test('variables still count, and trusted documents keep the limits of lists', async () => {
  const gateway = await start();
  const documentId = idOf('query Personas($ids: [UUID!]!) { personas(ids: $ids) { goal id name } }');
  const ids = Array.from({ length: 101 }, () => exampleId);
  expect(await (await gateway.post({ documentId, variables: { ids } })).json()).toMatchObject({
    errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }],
  });
});

/** GETs /graphql with parameters in the URL. */
function get(url: string, params: Record<string, string> | string, headers: Record<string, string> = {}) {
  return fetch(`${url}/graphql?${new URLSearchParams(params).toString()}`, { headers });
}

const urlParams = { documentId: id, variables: JSON.stringify(variables) };

test('a document may be asked for by GET, and the answer may be kept by the caller', async () => {
  const gateway = await start();
  const body = JSON.stringify({ id: exampleId, name: answer.data.persona.name });
  const headers = { 'cache-control': 'max-age=60' };
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, headers, body } });
  for (const params of [
    urlParams,
    { ...urlParams, operationName: 'Persona', extensions: '{}' },
    { ...urlParams, operationName: '' },
    { variables: urlParams.variables, extensions: JSON.stringify(persistedQuery(id)) },
  ]) {
    const response = await get(gateway.url, params);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject(answer);
    expect(response.headers.get('cache-control')).toMatch(/^private, max-age=(60|59)$/);
    expect(response.headers.get('vary')).toBe('Accept');
  }
  expect(gateway.logText()).not.toContain(exampleId);
});

test('where every caller brings its own key, an answer to a GET varies by it', async () => {
  const gateway = await start('only', { auth: { mode: 'forward' } });
  const response = await get(gateway.url, urlParams, { 'x-api-key': clinic.apiKey });
  expect(await response.json()).toMatchObject(answer);
  expect(response.headers.get('vary')).toBe('Accept, X-API-Key');
  const without = await get(gateway.url, urlParams);
  expect(await without.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  expect(without.headers.get('cache-control')).toBe('no-store');
});

test.each<[string, Record<string, string>, number, string]>([
  ['a document', { query: '{ __typename }' }, 400, 'BAD_REQUEST'],
  ['a document beside an id', { ...urlParams, query: '{ __typename }' }, 400, 'BAD_REQUEST'],
  ['nothing', {}, 400, 'BAD_REQUEST'],
  ['variables that are no JSON', { documentId: id, variables: '{' }, 400, 'BAD_REQUEST'],
  ['variables that are a list', { documentId: id, variables: '[]' }, 400, 'BAD_REQUEST'],
  ['extensions that are no JSON', { documentId: id, extensions: 'canary' }, 400, 'BAD_REQUEST'],
])('a GET with %s is refused', async (_name, params, status, code) => {
  const gateway = await start();
  const response = await get(gateway.url, params);
  expect(response.status).toBe(status);
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code } }] });
  expect(text).not.toContain('canary');
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test('a GET that has a parameter twice is refused: nobody can tell which one counts', async () => {
  const gateway = await start();
  expect((await get(gateway.url, `documentId=${id}&documentId=${unknown}`)).status).toBe(400);
});

test('other methods are refused, and told what there is', async () => {
  const gateway = await start();
  for (const method of ['HEAD', 'PUT', 'DELETE']) {
    const response = await fetch(`${gateway.url}/graphql?documentId=${id}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, POST');
  }
});

test('every document that is wrong is named before the gateway listens', async () => {
  const documents = [
    '{ person { id } }',
    '{ persona',
    '{ __schema { queryType { name } } }',
    '{ ...A } fragment A on Query { ...A }',
  ];
  const file = await fileOf({
    ...Object.fromEntries(documents.map((text) => [idOf(text), text])),
    [idOf('{ __typename }')]: '{  __typename }',
    [createHash('sha256').update('{ a }').digest('hex')]: '{ __typename }',
    'sha256:short': '{ __typename }',
    '': '{ __typename }',
    [idOf('7')]: 7,
  });
  const gateway = startProcess('node', [programs.gateway], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', PORT: '0', TRUSTED_DOCUMENTS: file },
  });
  expect(await gateway.exited).toBe(1);
  const [heading, ...lines] = gateway.output().trim().split('\n');
  expect(heading).toBe('The configuration is wrong:');
  expect(lines.map((line) => line.replace(/^ {2}TRUSTED_DOCUMENTS: [\w:]*: /, ''))).toEqual([
    'Cannot query field "person" on type "Query".',
    'Syntax Error: Expected Name, found <EOF>.',
    'GraphQL introspection has been disabled, but the requested query contained the field "__schema".',
    'A fragment is spread within itself, so the document has no end.',
    'the id is not the SHA-256 of the document',
    'the id is not the SHA-256 of the document',
    'the id is not the SHA-256 of the document',
    'expected an id',
    'expected the text of a document',
  ]);
});

const typename = '{ __typename }';
const manifest = { format: 'apollo-persisted-query-manifest', version: 1 };

test.each([
  [
    'an MD5, as Relay’s compiler writes it',
    { '3bba849bc7798891e8137d1852e99a82': typename },
    '3bba849bc7798891e8137d1852e99a82',
  ],
  ['a name', { 'Persona@1': typename }, 'Persona@1'],
  [
    'of Apollo’s manifest',
    { ...manifest, operations: [{ id: 'a1', name: 'A', type: 'query', body: typename }] },
    'a1',
  ],
  ['a SHA-256 without a prefix', { [idOf(typename).slice(7)]: typename }, idOf(typename)],
])('an id may be %s', async (_name, content, documentId) => {
  const gateway = await startGateway({ trustedDocuments: { path: await fileOf(content), mode: 'only' } });
  expect(await (await gateway.post({ documentId })).json()).toEqual({ data: { __typename: 'Query' } });
  expect(await (await gateway.post({ extensions: persistedQuery(documentId) })).json()).toEqual({
    data: { __typename: 'Query' },
  });
});

test.each([
  [{ ...manifest, version: 2, operations: [] }, 'expected version 1 of Apollo'],
  [{ ...manifest, operations: {} }, 'expected version 1 of Apollo'],
  [{ ...manifest, operations: [{ body: typename }] }, 'an operation without an id: expected an id'],
  [{ ...manifest, operations: [{ id: 'a' }] }, 'a: expected the text of a document'],
  [
    {
      ...manifest,
      operations: [
        { id: 'a', body: typename },
        { id: 'a', body: '{ a: __typename }' },
      ],
    },
    'a: the id is there twice',
  ],
])('a manifest of Apollo’s that is wrong is an error of the configuration: %j', async (content, problem) => {
  const file = await fileOf(content);
  await expect(startGateway({ trustedDocuments: { path: file, mode: 'only' } })).rejects.toMatchObject({
    problems: [expect.stringContaining(problem) as string],
  });
});

test.each([
  [
    'is not there',
    '/nowhere/documents.json',
    'TRUSTED_DOCUMENTS: cannot read the file /nowhere/documents.json: ENOENT',
  ],
  ['is no JSON', '{', 'TRUSTED_DOCUMENTS: expected JSON in the file'],
  ['is a list', [], 'TRUSTED_DOCUMENTS: expected an object of ids and documents in the file'],
])('a file that %s is an error of the configuration', async (_name, content, problem) => {
  const file = typeof content === 'string' && content.startsWith('/') ? content : await fileOf(content);
  await expect(startGateway({ trustedDocuments: { path: file, mode: 'only' } })).rejects.toMatchObject({
    name: 'ConfigurationError',
    problems: [expect.stringContaining(problem) as string],
  });
});

test('with a file, nothing else is executed unless the mode says otherwise', () => {
  const TRUSTED_DOCUMENTS = 'documents.json';
  const read = (environment: Record<string, string>) => configOf(environment).trustedDocuments;
  expect(read({})).toBeUndefined();
  expect(read({ TRUSTED_DOCUMENTS })).toEqual({ path: TRUSTED_DOCUMENTS, mode: 'only' });
  expect(read({ TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS_MODE: 'prefer' })).toMatchObject({ mode: 'prefer' });
  expect(read({ TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS_MODE: 'off' })).toBeUndefined();
  expect(problemsOf({ TRUSTED_DOCUMENTS_MODE: 'prefer' })).toEqual([
    'TRUSTED_DOCUMENTS: required when TRUSTED_DOCUMENTS_MODE is prefer',
  ]);
});
