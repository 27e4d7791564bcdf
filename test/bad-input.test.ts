import { expect, test } from 'vitest';
import { exampleId, startGateway } from './support/gateway.ts';

const json = 'application/json';
const graphqlResponse = 'application/graphql-response+json';

const badIds = [
  '..',
  '../..',
  '%2e%2e',
  'a/b',
  '{uuid}',
  `{${exampleId}}`,
  `${exampleId}}`,
  ` ${exampleId}`,
  `${exampleId}\n`,
  `${exampleId}/../x`,
  exampleId.replaceAll('-', ''),
  `urn:uuid:${exampleId}`,
  exampleId.replace('3c90', '3g90'),
  exampleId.replace('-', '\u2010'),
  '',
];

test.each(badIds)('the id %j as a literal is BAD_USER_INPUT and never reaches Bluejay', async (id) => {
  const gateway = await startGateway();
  const response = await gateway.post(
    { query: `{ persona(id: ${JSON.stringify(id)}) { id } }` },
    { accept: graphqlResponse },
  );
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    errors: [{ message: `Expected a UUID such as "${exampleId}".`, extensions: { code: 'BAD_USER_INPUT' } }],
  });
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test.each<unknown>([...badIds, 7, true, {}, [exampleId, exampleId], { id: exampleId }])(
  'the id %j as a variable is BAD_USER_INPUT and never reaches Bluejay',
  async (id) => {
    const gateway = await startGateway();
    const query = 'query ($id: UUID!) { persona(id: $id) { id } }';
    const response = await gateway.post({ query, variables: { id } }, { accept: graphqlResponse });
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as { errors: unknown[] };
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(gateway.sandbox.requests).toHaveLength(0);
  },
);

test('the value of a variable is not repeated, its place is', async () => {
  const gateway = await startGateway();
  const response = await gateway.post({
    query: 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }',
    variables: { ids: [exampleId, 'canary" at "ids[7]'] },
  });
  expect(await response.json()).toMatchObject({
    errors: [
      {
        message: `Variable "$ids[1]" does not fit the type [UUID!]!. Expected a UUID such as "${exampleId}".`,
      },
    ],
  });
});

test('the value of a variable of a built-in type is not repeated either', async () => {
  const gateway = await startGateway();
  const response = await gateway.post({
    query: 'query ($if: Boolean!) { __typename @include(if: $if) }',
    variables: { if: 'canary' },
  });
  expect(await response.json()).toMatchObject({
    errors: [
      {
        message: 'Variable "$if" does not fit the type Boolean!.',
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ],
  });
});

test.each([
  ['missing', undefined],
  ['null', { id: null }],
])('a variable that is %s is BAD_USER_INPUT', async (_name, variables) => {
  const gateway = await startGateway();
  const query = 'query ($id: UUID!) { persona(id: $id) { id } }';
  const response = await gateway.post({ query, variables });
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
});

test.each([
  ['malformed JSON', '{"query":"canary', 'is not valid JSON'],
  ['a trailing comma', '{"query":"{ canary }",}', 'is not valid JSON'],
  ['an empty body', '', 'is not valid JSON'],
  ['an array', '[{"query":"{ __typename }"}]', 'send one operation a request'],
  ['a string', '"canary"', 'a JSON object'],
  ['null', 'null', 'a JSON object'],
  ['no query', '{"canary":1}', '"query" must be a string'],
  ['an empty query', '{"query":""}', '"query" must be a string'],
  ['a query that is an object', '{"query":{"canary":1}}', '"query" must be a string'],
  ['a query that is null', '{"query":null}', '"query" must be a string'],
  [
    'an operationName that is a number',
    '{"query":"{ __typename }","operationName":7}',
    '"operationName" must be a string',
  ],
  [
    'variables that are a string',
    '{"query":"{ __typename }","variables":"canary"}',
    '"variables" must be an object',
  ],
  [
    'variables that are an array',
    '{"query":"{ __typename }","variables":["canary"]}',
    '"variables" must be an object',
  ],
  [
    'extensions that are a string',
    '{"query":"{ __typename }","extensions":"canary"}',
    '"extensions" must be an object',
  ],
])('%s is a BAD_REQUEST with status 400 that repeats nothing of the body', async (_name, body, words) => {
  const gateway = await startGateway();
  for (const accept of [json, graphqlResponse]) {
    const response = await gateway.post(body, { accept });
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe(`${accept}; charset=utf-8`);
    expect(JSON.parse(text)).toMatchObject({
      errors: [{ message: expect.stringContaining(words) as string, extensions: { code: 'BAD_REQUEST' } }],
    });
    expect(text + gateway.logText()).not.toContain('canary');
  }
});

test('a body that is not UTF-8 is a BAD_REQUEST', async () => {
  const gateway = await startGateway();
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': json },
    body: Buffer.from('{"query":"{ persona(id: \\"\xe9\\") { id } }"}', 'latin1'),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ message: 'The body is not UTF-8.' }] });
});

test.each([
  ['a syntax error', '{ persona(', 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', '{ person { id } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['an unknown argument', '{ persona(uuid: 1) { id } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a missing selection', `{ persona(id: "${exampleId}") }`, 'GRAPHQL_VALIDATION_FAILED'],
  ['a mutation', 'mutation { persona }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a subscription', 'subscription { persona }', 'GRAPHQL_VALIDATION_FAILED'],
  ['no operation at all', 'fragment F on CustomerPersona { id }', 'BAD_REQUEST'],
  ['two operations and no name', 'query A { __typename } query B { __typename }', 'BAD_REQUEST'],
])('%s is refused with a code: 400, or 200 where a client takes only JSON', async (_name, query, code) => {
  const gateway = await startGateway();
  for (const [accept, status] of [
    [graphqlResponse, 400],
    [json, 200],
  ] as const) {
    const response = await gateway.post({ query }, { accept });
    expect(response.status).toBe(status);
    const body = (await response.json()) as { errors: unknown[] };
    expect(body).not.toHaveProperty('data');
    expect(body.errors[0]).toMatchObject({ extensions: { code } });
  }
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test('a syntax error is refused each time in the same way', async () => {
  const gateway = await startGateway();
  const ask = async () => (await gateway.post({ query: '{' }, { 'x-request-id': 'same' })).text();
  expect(await ask()).toBe(await ask());
});

test.each([
  'query ($x: UUID = "3c90c3cc-0d44-4b50-8888-8dd25736052a") { persona(id: $x) { id } }',
  'query ($x: UUID = "3c90c3cc-0d44-4b50-8888-8dd25736052a") { personas(ids: ["canary-is-not-here", $x]) { id } }',
  'query ($x: _Any = { a: 1 }) { _entities(representations: [$x, { note: "canary" }]) { __typename } }',
  'query ($x: Boolean = true) { __typename @skip(if: $x) }',
  'query ($x: Boolean = true) { __schema { queryType { name @skip(if: $x) } } }',
  'query ($x: String = "a") { __type(name: $x) { name } }',
])('a variable with a default that is sent as null is BAD_USER_INPUT: %s', async (query) => {
  const gateway = await startGateway();
  const valid = query.replace('canary-is-not-here', exampleId);
  const response = await gateway.post({ query: valid, variables: { x: null } });
  const text = await response.text();
  const { errors } = JSON.parse(text) as { errors: { extensions: { code: string } }[] };
  expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  expect(text + gateway.logText()).not.toContain('canary');
  expect(gateway.logs.filter(({ level }) => level === 'error')).toEqual([]);
});

test('many bad values are BAD_USER_INPUT to the last', async () => {
  const gateway = await startGateway();
  const query = 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }';
  const response = await gateway.post({ query, variables: { ids: Array.from({ length: 60 }, () => 'x') } });
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['BAD_USER_INPUT']));
});

test.each([
  ['fields', '{a'.repeat(5_000) + '}'.repeat(5_000)],
  ['a list', `{ personas(ids: ${'['.repeat(20_000)}${']'.repeat(20_000)}) { id } }`],
])('a document with %s nested without end is QUERY_TOO_COMPLEX, not a 500', async (_name, query) => {
  for (const [limits, limit] of [
    [{}, 'tokens'],
    // An operator may allow more tokens than the parser's recursion bears.
    [{ tokens: 100_000, depth: 1_000 }, 'depth'],
  ] as const) {
    const gateway = await startGateway({ limits });
    const response = await gateway.post({ query }, { accept: graphqlResponse });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', limit } }],
    });
    expect(gateway.logs.filter(({ level }) => level === 'error')).toEqual([]);
  }
});

test.each([
  ['{ __typename @skip(if: "canary") }', 'A value in the document does not fit the type Boolean.'],
  ['{ personasByAgent(agentId: {canary: 1}) { id } }', 'A value in the document does not fit the type ID.'],
  ['{ personas(ids: [null, "canary"]) { id } }', 'A value in the document does not fit the type UUID!.'],
])('%s is refused without a word of its values', async (query, message) => {
  const gateway = await startGateway();
  const body = (await (await gateway.post({ query })).json()) as { errors: { message: string }[] };
  expect(body.errors.map((error) => error.message)).toContain(message);
  expect(JSON.stringify(body)).not.toContain('canary');
});
