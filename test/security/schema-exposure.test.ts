import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { createStatistics } from '../../src/server/http/statistics.ts';
import { configOf } from '../support/config.ts';
import { startGateway } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { createTestExecutor } from '../support/executor.ts';

async function ask(gateway: TestGateway, query: string, headers: Record<string, string> = {}) {
  const response = await gateway.post({ query }, headers);
  const text = await response.text();
  return {
    text,
    ...(JSON.parse(text) as { data?: unknown; errors?: { message: string; extensions: { code: string } }[] }),
  };
}

const introspections = [
  ['__schema', '{ __schema { queryType { name } } }'],
  ['__schema under another name', '{ x: __schema { queryType { name } } }'],
  ['__schema in a fragment', '{ ...F } fragment F on Query { ... { __schema { queryType { name } } } }'],
  ['__schema that is skipped', '{ __schema @skip(if: true) { queryType { name } } }'],
  ['__type', '{ __type(name: "CustomerPersona") { fields { name } } }'],
  ['_service', '{ _service { sdl } }'],
  ['_service in a fragment', '{ ...F } fragment F on Query { x: _service { sdl } }'],
] as const;

test.each(introspections)('without introspection %s is refused', async (_name, query) => {
  const gateway = await startGateway({ introspection: false });
  // The second time it comes from the cache.
  for (let time = 1; time <= 2; time += 1) {
    const { errors, data, text } = await ask(gateway, query);
    expect(errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(data).toBeUndefined();
    expect(text).not.toContain('CustomerPersona');
  }
});

test.each(introspections)('with introspection %s is answered', async (_name, query) => {
  const gateway = await startGateway({ introspection: true });
  expect((await ask(gateway, query)).errors).toBeUndefined();
});

test('__typename is answered in any case', async () => {
  const gateway = await startGateway({ introspection: false });
  expect((await ask(gateway, '{ __typename }')).data).toEqual({ __typename: 'Query' });
});

test('behind a secret the router reads _service, and nobody else does', async () => {
  const secret = 'the-secret-of-today';
  const gateway = await startGateway({ introspection: false, routerSecrets: [secret] });
  const query = '{ _service { sdl } }';
  expect((await ask(gateway, query)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  const headers = { 'router-authorization': secret };
  expect((await ask(gateway, query, headers)).text).toContain('type CustomerPersona');
  // Composition does not need more.
  expect((await ask(gateway, '{ __schema { queryType { name } } }', headers)).data).toBeUndefined();
});

test('introspection is for development, unless INTROSPECTION says otherwise', () => {
  expect(configOf({}).introspection).toBe(true);
  expect(configOf({ NODE_ENV: 'production' }).introspection).toBe(false);
  expect(configOf({ NODE_ENV: 'production', INTROSPECTION: 'true' }).introspection).toBe(true);
  expect(configOf({ INTROSPECTION: 'false' }).introspection).toBe(false);
});

test.each([
  ['a field', '{ person(id: "x") { id } }', {}],
  ['a field of a type', '{ personas(ids: []) { nam } }', {}],
  ['a type', '{ ... on Quer { __typename } }', {}],
  ['a type of a variable', 'query ($id: UUIDs) { __typename }', {}],
  ['an argument', '{ persona(ids: "x") { id } }', {}],
  ['an argument of a directive', '{ __typename @skip(iff: true) }', {}],
  ['a fragment on a field of another type', '{ _entities(representations: []) { name } }', {}],
])('a mistake in %s brings a suggestion with introspection alone', async (_name, query, variables) => {
  for (const introspection of [true, false]) {
    const gateway = await startGateway({ introspection });
    const response = await gateway.post({ query, variables });
    const text = await response.text();
    expect(text).toContain('GRAPHQL_VALIDATION_FAILED');
    expect(/did you mean/i.test(text)).toBe(introspection);
  }
});

/** Of enums and input objects, which the gateway's own schema does not have yet. */
const palette = buildSchema(`
  enum Colour { CRIMSON }
  input Paint { colour: Colour, layers: Int }
  type Query { paint(paint: Paint, colour: Colour): String }
`);

test.each([
  ['an enum value', '{ paint(colour: CRIMSONN) }', {}],
  ['an enum value in a string', '{ paint(colour: "CRIMSON") }', {}],
  ['a field of an input object', '{ paint(paint: { layer: 1 }) }', {}],
  [
    'an enum value in a variable',
    'query ($colour: Colour) { paint(colour: $colour) }',
    { colour: 'CRIMSONN' },
  ],
  [
    'a field of an object in a variable',
    'query ($paint: Paint) { paint(paint: $paint) }',
    { paint: { layer: 1 } },
  ],
  [
    'an enum value of an object in a variable',
    'query ($paint: Paint) { paint(paint: $paint) }',
    { paint: { colour: 'CRIMSONN' } },
  ],
])('a mistake in %s brings a suggestion with introspection alone', async (_name, query, variables) => {
  for (const introspection of [true, false]) {
    const execute = createTestExecutor({ schema: palette, logger: createLogger('silent'), introspection });
    const { body } = await execute({
      params: { query, operationName: undefined, variables, extensions: undefined },
      mediaType: 'application/json',
      requestId: 'palette',
      caller: { apiKey: 'a-proper-key' },
      statistics: createStatistics(),
      wantsTrace: false,
    });
    expect(body).toMatch(/GRAPHQL_VALIDATION_FAILED|BAD_USER_INPUT/);
    expect(/did you mean|layers/i.test(body)).toBe(introspection);
    // What the client has sent is not repeated.
    expect(body).not.toContain('CRIMSONN');
  }
});
