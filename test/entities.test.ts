import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Kind, parse, print } from 'graphql';
import { expect, test } from 'vitest';
import { createSchema, printSchema } from '../src/schema/index.ts';
import { clinic, exampleId, someIds, startGateway, unknownId } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const query = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) { __typename ... on CustomerPersona { id name } }
}`;

async function entities(gateway: TestGateway, representations: unknown[]) {
  const response = await gateway.post({ query, variables: { representations } });
  return (await response.json()) as {
    data: { _entities: unknown[] };
    errors?: { path: unknown[]; message: string; extensions: Record<string, unknown> }[];
  };
}

const persona = (id: unknown) => ({ __typename: 'CustomerPersona', id });

test('entities come in the order of their representations, and each id is read once', async () => {
  const gateway = await startGateway();
  const [first, second] = clinic.personas.map(({ id }) => id) as [string, string];
  const ids = [second, first, second.toUpperCase(), unknownId];
  const { data, errors } = await entities(gateway, ids.map(persona));
  expect(errors).toBeUndefined();
  expect(data._entities).toMatchObject([{ id: second }, { id: first }, { id: second }, null]);
  expect(gateway.sandbox.requests).toHaveLength(3);
});

test('a representation that is wrong harms no other one', async () => {
  const gateway = await startGateway();
  const failing = clinic.personas[1]?.id ?? '';
  gateway.sandbox.faults.add({ personaId: failing, fault: { kind: 'answer', status: 500 } });
  const representations = [
    persona('..'),
    persona([exampleId]),
    { __typename: 'CustomerPersona' },
    { __typename: '__proto__', id: exampleId },
    { __typename: 'Query', id: exampleId },
    { __typename: ['CustomerPersona'], id: exampleId },
    { id: exampleId },
    'CustomerPersona',
    [persona(exampleId)],
    persona(failing),
    JSON.parse(
      `{"__typename":"CustomerPersona","id":"${exampleId}","__proto__":{"name":"polluted"}}`,
    ) as unknown,
  ];
  const { data, errors } = await entities(gateway, representations);
  expect(data._entities).toEqual([
    ...Array.from({ length: 10 }, () => null),
    { __typename: 'CustomerPersona', id: exampleId, name: clinic.personas[0]?.name },
  ]);
  const codes = new Map(errors?.map(({ path, extensions }) => [path.join('.'), extensions['code']]));
  expect(codes).toEqual(
    new Map([
      ...Array.from({ length: 9 }, (_, index) => [`_entities.${index}`, 'BAD_USER_INPUT'] as const),
      ['_entities.9', 'UPSTREAM_ERROR'],
    ]),
  );
  expect({}).not.toHaveProperty('name');
  expect(gateway.sandbox.requests).toHaveLength(2);
});

test('a null representation is refused by the schema', async () => {
  const gateway = await startGateway();
  const response = await gateway.post({ query, variables: { representations: [null] } });
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
});

test('_service answers with the SDL that is committed', async () => {
  const gateway = await startGateway({ writes: true });
  const response = await gateway.post({ query: '{ _service { sdl } }' });
  const { data } = (await response.json()) as { data: { _service: { sdl: string } } };
  const committed = readFileSync('schema.graphql', 'utf8');
  expect(`${data._service.sdl.trimEnd()}\n`).toBe(committed);
  expect(printSchema(createSchema())).toBe(committed);
});

test('the SDL says which specification each scalar follows, and composes with it', async () => {
  const gateway = await startGateway();
  const response = await gateway.post({ query: '{ _service { sdl } }' });
  const { data } = (await response.json()) as { data: { _service: { sdl: string } } };
  const scalars = parse(data._service.sdl).definitions.filter(
    (node) => node.kind === Kind.SCALAR_TYPE_DEFINITION,
  );
  const specifications = scalars.map(({ name, directives }) => [name.value, directives?.map(print)]);
  expect(Object.fromEntries(specifications)).toEqual({
    UUID: ['@specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc9562#section-4")'],
    DateTime: ['@specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")'],
  });
});

const entitiesField = '_entities(representations: $representations) { __typename }';

test.each([
  ['in a variable', `query ($representations: [_Any!]!) { ${entitiesField} }`],
  ['under aliases', `query ($representations: [_Any!]!) { a: ${entitiesField} b: ${entitiesField} }`],
  [
    'in fragments',
    `query ($representations: [_Any!]!) { ...F ... @include(if: true) { b: ${entitiesField} } }
     fragment F on Query { ${entitiesField} }`,
  ],
  [
    'in the default of a variable',
    `query ($representations: [_Any!]! = [${'{ __typename: "CustomerPersona", id: "x" }, '.repeat(11)}]) { ${entitiesField} }`,
  ],
  [
    'in the document',
    `{ _entities(representations: [${'{ __typename: "CustomerPersona", id: "x" }, '.repeat(11)}]) { __typename } }`,
  ],
])('more representations than the limit, %s, are refused before any call', async (name, source) => {
  const gateway = await startGateway({ maxRepresentations: 10 });
  const total = name === 'under aliases' || name === 'in fragments' ? 6 : 11;
  const variables =
    name === 'in the default of a variable'
      ? {}
      : { representations: someIds(total).map((id) => persona(id)) };
  const response = await gateway.post(
    { query: source, variables },
    { accept: 'application/graphql-response+json' },
  );
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    errors: [
      {
        message: 'At most 10 representations at a time: split the request.',
        extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'representations' },
      },
    ],
  });
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test('a document that was fine with few representations is refused with many', async () => {
  const gateway = await startGateway({ maxRepresentations: 10 });
  const few = someIds(10).map((id) => persona(id));
  expect((await entities(gateway, few)).errors).toBeUndefined();
  const many = await entities(gateway, [...few, persona(exampleId)]);
  expect(many.errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_COMPLEX' } }]);
  expect((await entities(gateway, few)).errors).toBeUndefined();
  expect(gateway.sandbox.requests).toHaveLength(20);
});

test('a thousand representations are read with bounded concurrency', async () => {
  const gateway = await startGateway();
  const { data, errors } = await entities(
    gateway,
    someIds(1_000).map((id) => persona(id)),
  );
  expect(errors).toBeUndefined();
  expect(data._entities).toEqual(Array.from({ length: 1_000 }, () => null));
  expect(gateway.sandbox.requests).toHaveLength(1_000);
  expect(gateway.sandbox.peakInFlight()).toBeLessThanOrEqual(32);
});

test('the SDL is printed without a server, a key or another word, for rover to read', () => {
  const { status, stdout, stderr } = spawnSync('node', ['src/main.ts', 'schema'], {
    env: { PATH: process.env['PATH'], WRITES: 'true' },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe(readFileSync('schema.graphql', 'utf8'));
});
