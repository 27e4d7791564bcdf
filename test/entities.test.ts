import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createSchema, printSchema } from '../src/schema/index.ts';
import { clinic, exampleId, startGateway, unknownId } from './support/gateway.ts';
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
  const gateway = await startGateway();
  const response = await gateway.post({ query: '{ _service { sdl } }' });
  const { data } = (await response.json()) as { data: { _service: { sdl: string } } };
  const committed = readFileSync('schema.graphql', 'utf8');
  expect(`${data._service.sdl.trimEnd()}\n`).toBe(committed);
  expect(printSchema(createSchema())).toBe(committed);
});
