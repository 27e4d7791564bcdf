import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { RemoteGraphQLDataSource } from '@apollo/gateway';
import { generatePersistedQueryIdsFromManifest } from '@apollo/persisted-query-lists';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { request } from 'graphql-request';
import { describe, expect, test } from 'vitest';
import { clinic, exampleId, startGateway } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { createProject } from './project.ts';

const text = 'query AppQuery($id: UUID!) { persona(id: $id) { id name } }';
const variables = { id: exampleId };
const persona = { id: exampleId, name: clinic.personas[0]?.name };
const codegenList = 'examples/frontend/gql/persisted-documents.json';
const packageJson = { type: 'module', private: true };
const schema = './node_modules/bluejay-graphql/api.graphql';

const sha256 = (document: string) => createHash('sha256').update(document).digest('hex');

function createApolloClient(url: string, options: Partial<PersistedQueryLink.Options> = { sha256 }) {
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- where the client is installed, it is necessary
  const link = new PersistedQueryLink(options as PersistedQueryLink.Options);
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([link, new HttpLink({ uri: url })]),
  });
}

/** What a client has got. */
type Query = (url: string) => Promise<unknown>;

const clients: Record<string, Query> = {
  'urql’s client': async (url) => {
    const client = new Client({ url, exchanges: [fetchExchange] });
    return (await client.query(text, variables).toPromise()).data;
  },
  'urql’s client with persisted queries': async (url) => {
    const client = new Client({ url, exchanges: [persistedExchange({}), fetchExchange] });
    return (await client.query(text, variables).toPromise()).data;
  },
  'urql’s client with persisted queries by POST': async (url) => {
    const exchange = persistedExchange({ preferGetForPersistedQueries: false });
    const client = new Client({ url, exchanges: [exchange, fetchExchange], preferGetMethod: false });
    return (await client.query(text, variables).toPromise()).data;
  },
  'Apollo Client': async (url) => {
    const client = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url }) });
    return (await client.query({ query: gql(text), variables })).data;
  },
  'Apollo Client with persisted queries': async (url) =>
    (await createApolloClient(url).query({ query: gql(text), variables })).data,
  'Apollo Client with persisted queries by GET': async (url) => {
    const client = createApolloClient(url, { sha256, useGETForHashedQueries: true });
    return (await client.query({ query: gql(text), variables })).data;
  },
  'graphql-request': (url) => request(url, text, variables),
};

describe.each(Object.entries(clients))('%s', (_, query) => {
  test.each(['without trusted documents', 'where they are preferred'])('is answered %s', async (where) => {
    const trusted = { path: codegenList, mode: 'prefer' } as const;
    const gateway = await startGateway(
      where === 'without trusted documents' ? {} : { trustedDocuments: trusted },
    );
    expect(await query(`${gateway.url}/graphql`)).toMatchObject({ persona });
  });
});

test('a router of Apollo’s that sends hashes first sends the text where trusted documents are preferred', async () => {
  const gateway = await startGateway({ trustedDocuments: { path: codegenList, mode: 'prefer' } });
  const source = new RemoteGraphQLDataSource({ url: `${gateway.url}/graphql`, apq: true });
  const { data } = await source.process({
    request: { query: text, variables },
    context: {},
    kind: 'health check' as never,
  });
  expect(data).toEqual({ persona });
});

/** A gateway that executes nothing but the documents of the file that a tool has written. */
const startTrusting = (path: string): Promise<TestGateway> =>
  startGateway({ trustedDocuments: { path, mode: 'only' } });

test('Apollo’s manifest is what Apollo Client asks for', async () => {
  const project = await createProject({
    'package.json': packageJson,
    'src/app.ts': `import { gql } from '@apollo/client';\nexport const query = gql\`${text}\`;`,
  });
  await project.run('generate-persisted-query-manifest');
  const path = join(project.folder, 'persisted-query-manifest.json');
  const gateway = await startTrusting(path);
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Parameters<
    typeof generatePersistedQueryIdsFromManifest
  >[0] extends { loadManifest: () => Promise<infer Manifest> }
    ? Manifest
    : never;
  const client = createApolloClient(
    `${gateway.url}/graphql`,
    generatePersistedQueryIdsFromManifest({ loadManifest: () => Promise.resolve(manifest) }),
  );
  expect((await client.query({ query: gql(text), variables })).data).toMatchObject({ persona });
});

test('the list of Relay’s compiler is asked for by its MD5s', async () => {
  const project = await createProject({
    'package.json': packageJson,
    'relay.config.json': {
      src: './src',
      language: 'typescript',
      schema,
      persistConfig: { file: './persisted.json', algorithm: 'MD5' },
    },
    'persisted.json': '{}',
    'src/app.ts': `import { graphql } from 'relay-runtime';\nexport const query = graphql\`${text.replace('AppQuery', 'appQuery')}\`;`,
  });
  await project.run('relay-compiler');
  const gateway = await startTrusting(join(project.folder, 'persisted.json'));
  // The artifact's params, as a network function of Relay's gets them.
  const artifact = await readFile(join(project.folder, 'src/__generated__/appQuery.graphql.ts'), 'utf8');
  const documentId = /"id": "([\da-f]{32})"/.exec(artifact)?.[1];
  expect(documentId).toBeDefined();
  expect(await (await gateway.post({ documentId, variables })).json()).toEqual({ data: { persona } });
});

test.each(['sha1', 'sha256'])(
  'the list of GraphQL Code Generator is asked for by its ids: %s',
  async (hashAlgorithm) => {
    const project = await createProject({
      'package.json': packageJson,
      'src/app.ts': `import { graphql } from './gql';\nexport const query = graphql(\`${text}\`);`,
    });
    const config = {
      schema,
      documents: 'src/*.ts',
      generates: {
        'src/gql/': { preset: 'client', presetConfig: { persistedDocuments: { hashAlgorithm } } },
      },
    };
    await writeFile(join(project.folder, 'codegen.json'), JSON.stringify(config));
    await project.run('graphql-codegen-esm', '--config', 'codegen.json');
    const gateway = await startTrusting(join(project.folder, 'src/gql/persisted-documents.json'));
    const generated = await readFile(join(project.folder, 'src/gql/graphql.ts'), 'utf8');
    const documentId = /"hash":\s*"([^"]+)"/.exec(generated)?.[1];
    expect(documentId).toBeDefined();
    expect(await (await gateway.post({ documentId, variables })).json()).toMatchObject({ data: { persona } });
  },
);
