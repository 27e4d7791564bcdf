import { readFileSync } from 'node:fs';
import { getIntrospectionQuery } from 'graphql';
import { expect, test } from 'vitest';
import { personaQuery, personasQuery } from '../../examples/frontend/operations.ts';
import type { OperationLimits } from '../../src/config/index.ts';
import { createExamples, createSchema } from '../../src/schema/index.ts';
import { isSurelyLarger } from '../../src/server/graphql/limits/response-size.ts';
import { clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';

async function ask(gateway: TestGateway, query: string, variables: Record<string, unknown> = {}) {
  const response = await gateway.post({ query, variables }, { accept: 'application/graphql-response+json' });
  const { errors = [] } = (await response.json()) as {
    errors?: { message: string; extensions: { code: string; limit?: string } }[];
  };
  return { status: response.status, errors, extensions: errors[0]?.extensions };
}

const repeat = (count: number, write: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => write(index)).join(' ');

/** For each limit a document that has exactly so many of it. */
const documents: { [Name in keyof OperationLimits]: [string, (count: number) => string][] } = {
  tokens: [
    ['names and braces', (count) => `{ ${'__typename '.repeat(count - 2)} }`],
    ['comments', (count) => `${'#\n'.repeat(count)}{ __typename }`],
    ['characters', (count) => `{ __typename }`.padEnd(count * 100)],
  ],
  depth: [
    ['fields', nestFields],
    [
      'fields in fragments',
      (count) => `{ __schema { ...A } } fragment A on __Schema { ${nestTypes(count - 1)} }`,
    ],
    [
      'fields of a fragment that is not spread',
      (count) => `{ __typename } fragment A on Query { ${nestInner(count)} }`,
    ],
    [
      'values',
      (count) =>
        `{ _entities(representations: ${'['.repeat(count - 1)}1${']'.repeat(count - 1)}) { __typename } }`,
    ],
    [
      'values in objects',
      (count) =>
        `{ _entities(representations: ${'{ a: '.repeat(count - 1)}1${' }'.repeat(count - 1)}) { __typename } }`,
    ],
    [
      'default values',
      (count) => `query ($a: X = ${'['.repeat(count - 1)}1${']'.repeat(count - 1)}) { __typename }`,
    ],
  ],
  fields: [
    ['fields', (count) => `{ ${repeat(count, (index) => `a${index}: __typename`)} }`],
    [
      'fields of fragments',
      (count) =>
        `{ a: __schema { ...A } b: __schema { ...A } } fragment A on __Schema { ${repeat((count - 2) / 2, (index) => `a${index}: __typename`)} }`,
    ],
  ],
  rootFields: [
    [
      'fields',
      (count) => `{ ${repeat(count - 1, (index) => `a${index}: __typename`)} __schema { a: __typename } }`,
    ],
    [
      'fields of fragments',
      (count) =>
        `{ ...A ... { a: __typename } } fragment A on Query { ${repeat(count - 1, (index) => `a${index}: __typename`)} }`,
    ],
  ],
  duplicates: [
    ['fields', (count) => `{ __typename ${'__typename '.repeat(count)} }`],
    [
      'fields of fragments',
      (count) => `{ __typename ...A ...A } fragment A on Query { ${'__typename '.repeat(count / 2)} }`,
    ],
    ['aliased fields', (count) => `{ a: __typename ${'a: __typename '.repeat(count)} }`],
  ],
  aliases: [
    ['fields', (count) => `{ ${repeat(count, (index) => `a${index}: __typename`)} }`],
    [
      'fields of fragments',
      (count) =>
        `{ ...A x: __schema { ...B } y: __schema { ...B } } fragment A on Query { ${repeat(count - 4, (index) => `a${index}: __typename`)} } fragment B on __Schema { b: __typename }`,
    ],
    ['operations together', (count) => repeat(count, (index) => `query Q${index} { a: __typename }`)],
  ],
  directives: [
    ['fields', (count) => `{ ${repeat(count, (index) => `a${index}: __typename @skip(if: false)`)} }`],
    [
      'all that may have one',
      (count) =>
        `query ($a: Int @a) @b { ... @c { __typename @d } ...F @e ${repeat(count - 6, (index) => `a${index}: __typename @f`)} } fragment F on Query @g { __typename }`,
    ],
  ],
  fragments: [
    ['inline fragments', (count) => `{ ${'... { '.repeat(count)}__typename${' }'.repeat(count)} }`],
    ['spreads', (count) => `{ ${'...A '.repeat(count)} } fragment A on Query { __typename }`],
    [
      'fragments that are not spread',
      (count) => `{ __typename } ${repeat(count, (index) => `fragment F${index} on Query { __typename }`)}`,
    ],
  ],
};

function nestFields(count: number): string {
  return `{ __schema { ${nestTypes(count - 1)} } }`;
}

function nestTypes(count: number): string {
  return count < 2 ? 'description' : `types { ${nestInner(count - 1)} }`;
}

function nestInner(count: number): string {
  return count < 2 ? 'name' : `ofType { ${nestInner(count - 1)} }`;
}

/** High enough to be out of the way. */
const high: OperationLimits = {
  tokens: 10_000,
  depth: 1_000,
  fields: 10_000,
  rootFields: 10_000,
  duplicates: 10_000,
  aliases: 10_000,
  directives: 10_000,
  fragments: 10_000,
};

test.each(
  Object.entries(documents).flatMap(([limit, cases]) =>
    cases.map(([name, write]) => ({ limit, name, write })),
  ),
)('$limit: as many $name as the limit pass, more are refused', async ({ limit, name, write }) => {
  const maximum = 12;
  const gateway = await startGateway({ limits: { ...high, [limit]: maximum } });
  const passed = await ask(gateway, write(maximum));
  expect(passed.extensions?.code).not.toBe('QUERY_TOO_COMPLEX');
  // Two more: some documents come in twos.
  const tooMany = write(maximum + (name === 'fields of fragments' ? 2 : 1));
  const refused = await ask(gateway, tooMany);
  expect(refused).toMatchObject({
    status: 400,
    errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', limit } }],
  });
  expect(refused.errors).toHaveLength(1);
  // What was refused is not remembered as anything else.
  expect((await ask(gateway, tooMany)).extensions).toMatchObject({ limit });
  expect((await ask(gateway, write(maximum))).extensions?.code).toBe(passed.extensions?.code);
});

test.each([
  ['in itself', '{ ...A } fragment A on Query { ...A }'],
  ['in turns', '{ ...A } fragment A on Query { ...B } fragment B on Query { __typename ...A }'],
  ['below a field', '{ __schema { types { ...A } } } fragment A on __Type { ofType { ...A } }'],
  ['and not used', '{ __typename } fragment A on Query { ... { ...A } }'],
])('a fragment that is spread %s is refused', async (_name, query) => {
  const gateway = await startGateway();
  expect(await ask(gateway, query)).toMatchObject({
    status: 400,
    extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'fragments' },
  });
});

test('fragments that double with each level are refused at once', async () => {
  const gateway = await startGateway();
  const levels = repeat(60, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`);
  const { extensions } = await ask(gateway, `{ ...F0 } ${levels} fragment F60 on Query { __typename }`);
  expect(extensions).toMatchObject({ limit: 'fragments' });
});

test('more than four directives at one place are refused before their names are looked up', async () => {
  const gateway = await startGateway();
  const five = await ask(gateway, '{ __typename @aa @aa @aa @aa @aa }');
  expect(five.errors).toHaveLength(1);
  expect(five.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX', limit: 'directives' });
  expect((await ask(gateway, '{ __typename @aa @aa @aa @aa }')).extensions?.code).toBe(
    'GRAPHQL_VALIDATION_FAILED',
  );
});

test('a document with many mistakes is answered with few errors', async () => {
  const gateway = await startGateway();
  const { errors } = await ask(gateway, `{ ${repeat(50, (index) => `a${index}`)} }`);
  expect(errors).toHaveLength(11);
});

test('a list of ids in a variable counts each time, however short it was before', async () => {
  const gateway = await startGateway({ maxRepresentations: 150 });
  const query =
    'query ($a: [UUID!]!, $b: [UUID!]!) { a: personas(ids: $a) { id } b: personas(ids: $b) { id } }';
  const few = { a: someIds(75), b: someIds(75) };
  expect((await ask(gateway, query, few)).errors).toEqual([]);
  expect(await ask(gateway, query, { a: someIds(76), b: someIds(75) })).toMatchObject({
    status: 400,
    extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'ids' },
  });
  expect(gateway.sandbox.requests).toHaveLength(75);
  expect((await ask(gateway, query, few)).errors).toEqual([]);
});

test('a long text that is asked for again and again is refused before it is written', async () => {
  const gateway = await startGateway({ maxResponseBytes: 100_000 });
  const body = JSON.stringify({ id: exampleId, description: 'x'.repeat(9_000) });
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
  const query = (count: number) =>
    `query ($r: [_Any!]!) { _entities(representations: $r) { ... on CustomerPersona { ${repeat(count, (index) => `a${index}: description`)} } } }`;
  const representation = { __typename: 'CustomerPersona', id: exampleId };
  const few = await ask(gateway, query(5), { r: [representation, representation] });
  expect(few).toMatchObject({ status: 200, errors: [] });
  for (const [aliases, representations] of [
    [12, 1],
    [1, 12],
    [6, 2],
  ] as const) {
    const r = Array.from({ length: representations }, () => representation);
    expect(await ask(gateway, query(aliases), { r })).toMatchObject({
      status: 400,
      extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'responseSize' },
    });
  }
});

test.each([
  ['letters', 'abc'],
  ['what JSON escapes', '\u0001\u001f"\\\n'],
  ['characters of two, three and four bytes', 'é€😀'],
  ['halves of characters', '\ud800'],
])('an answer of %s may have as many bytes as allowed, and not one more', async (_what, text) => {
  const body = JSON.stringify({ id: exampleId, description: text.repeat(300) });
  const query = `{ a: persona(id: "${exampleId}") { description id } b: persona(id: "${exampleId}") { description } }`;
  const answerOf = async (maxResponseBytes: number) => {
    const gateway = await startGateway({ maxResponseBytes });
    gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
    const response = await gateway.post({ query }, { accept: 'application/graphql-response+json' });
    return { status: response.status, bytes: (await response.arrayBuffer()).byteLength };
  };
  const { bytes } = await answerOf(1_000_000);
  expect(await answerOf(bytes)).toEqual({ status: 200, bytes });
  expect(await answerOf(bytes - 1)).toMatchObject({ status: 400 });
});

test('an answer of nulls and errors may have as many bytes as allowed, and not one more', async () => {
  const query = `query ($ids: [UUID!]!) { personas(ids: $ids) { id } again: personas(ids: $ids) { id } persona(id: "${exampleId}") { id } }`;
  const answerOf = async (maxResponseBytes: number) => {
    const gateway = await startGateway({ maxResponseBytes });
    gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'answer', status: 500 } });
    const response = await gateway.post(
      { query, variables: { ids: someIds(100) } },
      { accept: 'application/graphql-response+json', 'x-request-id': 'sized' },
    );
    return { status: response.status, body: await response.text() };
  };
  const { body } = await answerOf(1_000_000);
  expect(JSON.parse(body)).toMatchObject({
    data: { persona: null },
    errors: [{ extensions: { code: 'UPSTREAM_ERROR' } }],
  });
  expect(await answerOf(body.length)).toMatchObject({ status: 200, body });
  const refused = await answerOf(body.length - 1);
  expect(refused.status).toBe(400);
  expect(JSON.parse(refused.body)).toMatchObject({
    errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'responseSize', requestId: 'sized' } }],
  });
});

test('data is found to be too large before it is written', () => {
  const text = 'x'.repeat(1_000_000);
  const many = { list: Array.from({ length: 1_000_000 }, () => ({ text })) };
  expect(isSurelyLarger(many, 1_000_000_000)).toBe(true);
});

test.each([
  null,
  true,
  false,
  0,
  -1.5,
  '',
  'x',
  [],
  [null, true, 7],
  {},
  { a: null, b: ['', {}], c: { d: 1 } },
])('the early look never takes %j for larger than it is', (data) => {
  expect(isSurelyLarger(data, JSON.stringify(data).length)).toBe(false);
});

/** What gateways and routers make of clients' queries; more of it than they usually ask for at once. */
const generated = [
  [
    'Apollo’s gateway',
    'query Calls__personas__1($representations:[_Any!]!){_entities(representations:$representations){...on CustomerPersona{name goal}}}',
  ],
  [
    'Apollo’s router, with fragments of its own',
    `query Calls__personas__1($representations: [_Any!]!) { _entities(representations: $representations) { ..._generated_onCustomerPersona6_0 } }
     fragment _generated_onCustomerPersona6_0 on CustomerPersona { __typename id createdAt name description goal orgId }`,
  ],
  [
    'Hive, with several fetches in one',
    `query ($r: [_Any!]!) { ${repeat(20, (index) => `_e${index}: _entities(representations: $r) { __typename ... on CustomerPersona { __typename id name } ... on Agent { __typename _internal_qp_alias_0: id customerPersonas { __typename id } } }`)} }`,
  ],
  [
    'a client with fifty aliases',
    `query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on CustomerPersona { ${repeat(50, (index) => `name_${index}: name`)} } } }`,
  ],
] as const;

test.each(generated)('what %s sends passes with the defaults', async (_name, query) => {
  const gateway = await startGateway();
  const representations = [{ __typename: 'CustomerPersona', id: exampleId }];
  expect(await ask(gateway, query, { representations, r: representations })).toMatchObject({
    status: 200,
    errors: [],
  });
});

test('the introspection of GraphiQL and of code generators passes with the defaults', async () => {
  const gateway = await startGateway({ introspection: true });
  const query = getIntrospectionQuery({
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  });
  expect(await ask(gateway, query)).toMatchObject({ status: 200, errors: [] });
});

test('the examples of the README, of the page for clients, of GraphiQL and of the frontend pass with the defaults', async () => {
  const gateway = await startGateway({ writes: true });
  const pages = ['README.md', 'docs/clients.md'].map((file) => readFileSync(file, 'utf8')).join('\n');
  const queries = Array.from(
    pages.matchAll(/-d '(\{"query".*\})'/g),
    ([, body = '']) => (JSON.parse(body) as { query: string }).query,
  );
  expect(queries.length).toBeGreaterThanOrEqual(2);
  for (const query of queries) expect((await ask(gateway, query)).errors).toEqual([]);
  const { document, variables } = createExamples(createSchema());
  const names = Array.from(document.matchAll(/^(?:query|mutation) (\w+)/gm), ([, name = '']) => name);
  expect(names).toContain('DeleteCustomerPersona');
  // What the others ask for is deleted last.
  const isDelete = (name: string) => name.startsWith('Delete');
  for (const operationName of names.toSorted((a, b) => Number(isDelete(a)) - Number(isDelete(b)))) {
    const response = await gateway.post({ query: document, operationName, variables });
    expect(await response.json()).not.toHaveProperty('errors');
  }
  expect((await gateway.query(personaQuery, { id: exampleId })).errors).toBeUndefined();
  expect((await gateway.query(personasQuery, { ids: [exampleId] })).errors).toBeUndefined();
});

const manyLists = (fields: number) =>
  `query ($keys: [_Any!]!) { _entities(representations: $keys) { ...A } } fragment A on Agent { customerPersonas { ${Array.from(
    { length: fields },
    (_, index) => `a${index}: goal`,
  ).join(' ')} } }`;

test('values: as many items of as many lists as there are limits for are refused before any call', async () => {
  const gateway = await startGateway();
  const keys = Array.from({ length: 1_000 }, () => ({ __typename: 'Agent', id: 7 }));
  const askFor = async (fields: number) =>
    (await (await gateway.post({ query: manyLists(fields), variables: { keys } })).json()) as {
      errors?: unknown[];
    };
  expect((await askFor(9)).errors).toBeUndefined();
  const before = gateway.sandbox.requests.length;
  expect(await askFor(10)).toMatchObject({
    errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'values' } }],
  });
  expect(gateway.sandbox.requests).toHaveLength(before);
});

/** Makes Bluejay answer for agent 7 with so many personas. */
function listFor(gateway: TestGateway, length: number): void {
  const body = JSON.stringify(someIds(length).map((id) => ({ ...clinic.personas[0], id, goal: '' })));
  gateway.sandbox.faults.clear();
  gateway.sandbox.faults.add({ agentId: 7, fault: { kind: 'answer', status: 200, body } });
}

test.each([
  ['a list of one field', 'query { list: personasByAgent(agentId: 7) { ...P } }', 1],
  [
    'a list under two names',
    'query { a: personasByAgent(agentId: 7) { ...P } b: personasByAgent(agentId: 7) { ...P } }',
    2,
  ],
  [
    'an agent that is asked for twice',
    'query ($keys: [_Any!]!) { _entities(representations: $keys) { ... on Agent { customerPersonas { ...P } } } }',
    2,
  ],
])('values: %s that turns out too long is not answered, whoever executes it', async (_, operation, times) => {
  const gateway = await startGateway();
  const fields = repeat(20, (index) => `a${index}: goal`);
  const query = `${operation} fragment P on CustomerPersona { ${fields} }`;
  const keys = Array.from({ length: 2 }, () => ({ __typename: 'Agent', id: 7 }));
  const answer = async () =>
    (await (await gateway.post({ query, variables: { keys } })).json()) as {
      data?: unknown;
      errors?: unknown[];
    };
  const room = 500_000 / 20 / times;
  listFor(gateway, room);
  expect((await answer()).errors).toBeUndefined();
  listFor(gateway, room + 1);
  const refused = {
    errors: [
      expect.objectContaining({
        extensions: expect.objectContaining({ code: 'QUERY_TOO_COMPLEX', limit: 'values' }),
      }),
    ],
  };
  expect(await answer()).toEqual(refused);
  // By now the operation is compiled.
  listFor(gateway, 1);
  for (let run = 0; run < 60; run += 1) expect((await answer()).errors).toBeUndefined();
  listFor(gateway, room + 1);
  expect(await answer()).toEqual(refused);
});

test('an alias of 200 characters passes, and a longer one, which each error would repeat, is refused', async () => {
  const gateway = await startGateway();
  const nameOf = (length: number) => 'a'.repeat(length);
  expect((await ask(gateway, `{ ${nameOf(200)}: __typename }`)).errors).toEqual([]);
  expect((await ask(gateway, `{ ${nameOf(201)}: __typename }`)).extensions).toMatchObject({
    code: 'QUERY_TOO_COMPLEX',
    limit: 'aliases',
  });
});

test('values: what is executed anew for its errors is counted anew', async () => {
  const gateway = await startGateway();
  const fields = repeat(20, (index) => `a${index}: goal`);
  const query = `{ persona(id: "${exampleId}") { id } personasByAgent(agentId: 7) { ${fields} } }`;
  listFor(gateway, 1);
  for (let run = 0; run < 60; run += 1) await gateway.post({ query });
  listFor(gateway, 20_000);
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'answer', status: 500 } });
  const { errors } = await ask(gateway, query);
  expect(errors).toMatchObject([{ path: ['persona'] }]);
});

test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty'])(
  'ids in the default of a variable named %s count',
  async (name) => {
    const gateway = await startGateway({ maxRepresentations: 10 });
    const ids = someIds(11).map((id) => JSON.stringify(id));
    const query = `query ($${name}: [UUID!]! = [${ids.join()}]) { personas(ids: $${name}) { id } }`;
    for (const variables of [undefined, {}]) {
      expect(await (await gateway.post({ query, variables })).json()).toMatchObject({
        errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'ids' } }],
      });
    }
    expect(gateway.sandbox.requests).toHaveLength(0);
  },
);
