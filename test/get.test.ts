import { expect, test } from 'vitest';
import { declareReads } from '../src/schema/index.ts';
import { clinic, exampleId, startGateway } from './support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from './support/gateway.ts';
import { send } from './support/send.ts';

const variables = JSON.stringify({ id: exampleId });
const query = 'query Persona($id: UUID!) { persona(id: $id) { name } }';
const answer = { data: { persona: { name: clinic.personas[0]?.name } } };

/** GETs /graphql with parameters in the URL, and with these headers alone. */
async function get(
  gateway: TestGateway,
  params: Record<string, string>,
  headers: Record<string, string> = {},
) {
  const search = new URLSearchParams(params).toString();
  const { text, ...rest } = await send(`${gateway.url}/graphql?${search}`, { headers });
  return { ...rest, text, body: JSON.parse(text) as unknown };
}

test('a query may be asked by GET, and its answer may be kept by the caller', async () => {
  const gateway = await startGateway();
  const body = JSON.stringify({ id: exampleId, name: answer.data.persona.name });
  const headers = { 'cache-control': 'max-age=60' };
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, headers, body } });
  for (const params of [
    { query, variables },
    { query, variables, operationName: 'Persona', extensions: '{}', documentId: '' },
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- few
    const response = await get(gateway, params);
    expect([response.status, response.body]).toEqual([200, answer]);
    expect(response.headers['cache-control']).toMatch(/^private, max-age=(60|59)$/);
    expect(response.headers.vary).toBe('Accept');
  }
  expect(gateway.logText()).not.toContain(exampleId);
});

test.each([
  ['nothing', {}],
  ['an empty query', { query: '' }],
  ['variables that are no JSON', { query, variables: '{' }],
  ['variables that are a list', { query, variables: '[]' }],
  ['an operation that is not there', { query, variables, operationName: 'Other' }],
])('a GET with %s is a 400', async (_name, params) => {
  const gateway = await startGateway();
  const { status, body } = await get(gateway, params, { accept: 'application/graphql-response+json' });
  expect(status).toBe(400);
  expect(body).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  expect(gateway.sandbox.requests).toHaveLength(0);
});

const mutations: [string, TestGatewayOptions][] = [
  ['alone', {}],
  ['with plugins', { plugins: [{}] }],
];

test.each(mutations)('a mutation is never executed by GET: %s', async (_name, options) => {
  let written = 0;
  const gateway = await startGateway({
    ...options,
    extension: {
      extendSchema(builder) {
        builder.mutationType({
          fields: (t) => ({
            write: t.int({ extensions: declareReads({ reads: 'none' }), resolve: () => (written += 1) }),
          }),
        });
      },
    },
  });
  const mutation = 'mutation Write { write }';
  const both = `query Read { __typename } ${mutation}`;
  // Once when the document is unknown, and once when it is known.
  for (const times of [1, 2]) {
    for (const params of [{ query: mutation }, { query: both, operationName: 'Write' }]) {
      // oxlint-disable no-await-in-loop -- what came before is the point
      const { status, headers, body } = await get(gateway, params, { accept: 'application/json' });
      expect([status, headers.allow]).toEqual([405, 'POST']);
      expect(body).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
      expect(written).toBe((times - 1) * 2);
    }
    // The query beside it is.
    expect((await get(gateway, { query: both, operationName: 'Read' })).status).toBe(200);
    await gateway.post({ query: mutation });
    await gateway.post({ query: both, operationName: 'Write' });
    // oxlint-enable no-await-in-loop
  }
  expect(written).toBe(4);
});

test('a mutation that the schema does not have is refused by GET, too', async () => {
  const gateway = await startGateway();
  expect((await get(gateway, { query: 'mutation { __typename }' })).status).toBe(405);
});

const elsewhere = { 'sec-fetch-site': 'cross-site' };

test.each([
  ['an image of another site', { ...elsewhere, 'sec-fetch-mode': 'no-cors' }, 403],
  ['a link of another site', { ...elsewhere, 'sec-fetch-mode': 'navigate' }, 403],
  ['a script of a sibling', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }, 403],
  ['fetch of another site', { ...elsewhere, 'sec-fetch-mode': 'cors', origin: 'https://x.example' }, 403],
  ['a link with a password', { ...elsewhere, authorization: 'Basic YTpi' }, 403],
  ['a form’s content type', { ...elsewhere, 'content-type': 'text/plain' }, 403],
  ['a page of this site', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors' }, 200],
  ['the address bar', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 200],
  ['a program', {}, 200],
  ['a listed origin', { ...elsewhere, 'sec-fetch-mode': 'cors', origin: 'https://app.example.com' }, 200],
  ['a preflight for Apollo’s header', { ...elsewhere, 'apollo-require-preflight': 'true' }, 200],
  ['a preflight for a client’s name', { ...elsewhere, 'x-apollo-operation-name': 'Persona' }, 200],
  ['a preflight for a key', { ...elsewhere, 'x-api-key': clinic.apiKey }, 200],
  ['a preflight for JSON', { ...elsewhere, 'content-type': 'application/json' }, 200],
])('a GET of %s is answered with %j → %i', async (_name, headers, status) => {
  const gateway = await startGateway({ protection: { corsOrigins: ['https://app.example.com'] } });
  const response = await get(gateway, { query, variables }, headers);
  expect(response.status).toBe(status);
  expect(gateway.sandbox.requests).toHaveLength(status === 200 ? 1 : 0);
});
