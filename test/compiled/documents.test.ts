import { expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/index.ts';
import { airline, exampleId, someIds, startGateway, unknownId } from '../support/gateway.ts';
import { secondId } from '../support/generated-requests.ts';
import { startBothExecutors } from '../support/both-executors.ts';

const unicodeId = '9d2c1e6b-64b1-4e8e-b1ce-3f5a1c7d8e03';
const nullsId = 'e1f0a2b3-c4d5-4e6f-8a9b-0c1d2e3f4a05';
const foreignId = airline.personas[0]?.id ?? '';

const all = 'id createdAt name description goal orgId';
const onBoth =
  '{ __typename ... on CustomerPersona { id name } ... on Agent { agentId: id customerPersonas { id } } }';
const quoted = (text: string) => JSON.stringify(text);
const queries = (...documents: string[]) => documents.map((query) => ({ query }));

test('valid documents are answered alike', async () => {
  const executors = await startBothExecutors();
  const outcomes = await executors.expectSame(
    queries(
      '{ __typename }',
      'query Named { __typename }',
      'query A($unused: Boolean = true) { __typename @include(if: $unused) }',
      ...[exampleId, exampleId.toUpperCase(), secondId, unicodeId, nullsId, unknownId, foreignId].map(
        (id) => `{ persona(id: ${quoted(id)}) { ${all} } }`,
      ),
      ...[...all.split(' '), '__typename'].map((field) => `{ persona(id: "${unicodeId}") { ${field} } }`),
      `{ a: persona(id: "${exampleId}") { x: id y: name } b: persona(id: "${secondId}") { id } a: persona(id: "${exampleId}") { z: goal } }`,
      '{ personas(ids: []) { id } }',
      `{ personas(ids: "${exampleId}") { id name } }`,
      `{ personas(ids: [${[exampleId, unknownId, exampleId, nullsId, foreignId].map(quoted).join()}]) { ${all} } }`,
      `{ personas(ids: [${someIds(100).map(quoted).join()}]) { id } }`,
      ...['7', '"7"', '8', '9', '12345'].map(
        (agentId) => `{ personasByAgent(agentId: ${agentId}) { ${all} } }`,
      ),
      '{ _service { sdl } }',
      '{ _service { __typename text: sdl } __typename }',
      '{ _entities(representations: []) { __typename } }',
      `{ _entities(representations: [{ __typename: "CustomerPersona", id: "${exampleId}" }, { __typename: "Agent", id: 7 }]) { __typename ... on CustomerPersona { ${all} } ... on Agent { agentId: id customerPersonas { id name } } } }`,
      `query ($id: UUID = "${exampleId}") { _entities(representations: { __typename: "CustomerPersona", id: $id }) { ... on CustomerPersona { name } } }`,
      `fragment All on CustomerPersona { ${all} ...Type } fragment Type on CustomerPersona { __typename } { persona(id: "${exampleId}") { ...All } personasByAgent(agentId: 7) { ...All } }`,
      `{ persona(id: "${exampleId}") { ... { id } ... on CustomerPersona { name ... @include(if: true) { goal } } ... @skip(if: true) { orgId } } }`,
      `{ persona(id: "${exampleId}") @skip(if: true) { id } __typename }`,
      `{ persona(id: "${exampleId}") @skip(if: true) { id } }`,
      '{ __typename @skip(if: true) @include(if: true) a: __typename @skip(if: false) @include(if: true) }',
      '{ __schema { queryType { name } mutationType { name } types { name kind } directives { name isRepeatable args { name defaultValue type { name kind ofType { name } } } } } }',
      '{ __type(name: "CustomerPersona") { name description fields { name isDeprecated type { kind name ofType { name } } } interfaces { name } possibleTypes { name } } }',
      '{ __type(name: "_Entity") { possibleTypes { name } } uuid: __type(name: "UUID") { specifiedByURL } none: __type(name: "None") { name } }',
    ),
  );
  expect(outcomes).toMatchObject({ partial: 0, refused: 0 });
});

test('reads that the data source refuses fail alike, up to the null of the whole answer', async () => {
  const executors = await startBothExecutors();
  const entities = (...representations: unknown[]) => ({
    query: `query Entities($r: [_Any!]!) { _entities(representations: $r) ${onBoth} }`,
    variables: { r: representations },
  });
  const persona = { __typename: 'CustomerPersona', id: exampleId };
  const outcomes = await executors.expectSame([
    ...queries(
      ...[
        'abc',
        '',
        ' 7',
        '7.0',
        '1e3',
        '007',
        '-1',
        '9007199254740991',
        '9007199254740993',
        '../7',
        'ä',
        '\u0000',
      ].map(
        (id) => `{ before: __typename personasByAgent(agentId: ${quoted(id)}) { id } after: __typename }`,
      ),
      '{ a: personasByAgent(agentId: "a") { id } b: personasByAgent(agentId: "b") { id } }',
      `{ personas(ids: [${someIds(101).map(quoted).join()}]) { id } __typename }`,
      `{ _entities(representations: [1, "a", {}, { __typename: "Query" }]) ${onBoth} }`,
    ),
    ...[
      [],
      [persona],
      [persona, persona, persona],
      [persona, persona, persona, persona],
      [{}, { __typename: null }, { __typename: 'None', id: exampleId }],
      [{ __typename: 'CustomerPersona' }, { __typename: 'Agent' }, persona],
      [
        { ...persona, id: null },
        { ...persona, id: 7 },
        { ...persona, id: 'abc' },
      ],
      [
        { ...persona, id: [exampleId] },
        { ...persona, id: unknownId },
        { ...persona, id: foreignId },
      ],
      [7, 'a', true],
      [[], [persona], persona],
      [null],
      [
        { __typename: 'Agent', id: '7' },
        { __typename: 'Agent', id: 7 },
        { __typename: 'Agent', id: 'abc' },
      ],
      [
        { __typename: 'Agent', id: 7.5 },
        { __typename: 'Agent', id: {} },
        { __typename: 'Agent', id: true },
      ],
      [{ __typename: '__proto__', id: 1 }, { __typename: 'constructor' }, { __typename: 'toString' }],
      [{ ...persona, extra: { deep: [1, null, 'ä'] }, name: 'Sent along' }],
    ].map((representations) => entities(...representations)),
  ]);
  expect(outcomes.partial).toBeGreaterThan(15);
});

test('names that JavaScript has for itself are answered alike', async () => {
  const executors = await startBothExecutors();
  const names = ['__proto__', 'constructor', 'toString', 'then', 'toJSON', 'length', '_', 'data'];
  const outcomes = await executors.expectSame([
    ...queries(
      ...names.flatMap((name) => [
        `{ ${name}: __typename persona(id: "${exampleId}") { ${name}: name } }`,
        `query ${name} { __typename }`,
        `{ ...${name} } fragment ${name} on Query { __typename }`,
        `query ($${name}: Boolean!) { __typename @skip(if: $${name}) }`,
        `{ __type(name: "${name}") { name } }`,
      ]),
    ),
    ...names.map((name) => ({
      query: `query ($${name}: UUID!) { persona(id: $${name}) { name } }`,
      variables: JSON.parse(`{"${name}":"${exampleId}"}`) as Record<string, unknown>,
    })),
    {
      query: 'query ($v: Boolean = true) { __typename @skip(if: $v) }',
      variables: JSON.parse('{"__proto__":{"v":false}}') as Record<string, unknown>,
    },
  ]);
  expect(outcomes.data).toBeGreaterThan(30);
});

const answer = (status: number, body: unknown): Fault => ({
  kind: 'answer',
  status,
  body: JSON.stringify(body),
});

test.each([
  ['a refused key', answer(403, { detail: 'Not yours' })],
  ['a value of another type', answer(200, { id: exampleId, created_at: 'yesterday', goal: 7 })],
  ['a list with holes', answer(200, [null, {}, { id: exampleId }])],
  ['strange text', answer(200, { id: exampleId, name: '\u0000\u2028\ud800é🩺"\\', goal: '' })],
])('%s in an answer of Bluejay reaches the caller alike', async (_name, fault) => {
  const executors = await startBothExecutors();
  executors.sandbox.faults.add({ fault, personaId: exampleId });
  executors.sandbox.faults.add({ fault, agentId: 7 });
  const outcomes = await executors.expectSame([
    ...queries(
      `{ before: __typename persona(id: "${exampleId}") { ${all} } after: __typename }`,
      `{ personas(ids: ["${secondId}", "${exampleId}", "${unknownId}"]) { ${all} } }`,
      '{ before: __typename personasByAgent(agentId: 7) { id } }',
    ),
    {
      query: `query ($r: [_Any!]!) { _entities(representations: $r) ${onBoth} }`,
      variables: {
        r: [
          { __typename: 'CustomerPersona', id: secondId },
          { __typename: 'CustomerPersona', id: exampleId },
          { __typename: 'Agent', id: 7 },
          { __typename: 'Agent', id: 8 },
        ],
      },
    },
  ]);
  expect(outcomes.refused).toBe(0);
});

test('reads that are aborted fail alike, and a compiled operation reads nothing more for its errors', async () => {
  const executors = await startBothExecutors();
  executors.sandbox.faults.add({ fault: { kind: 'hang' } });
  const deadline = new AbortController();
  const answers = executors.expectSame(queries(`{ persona(id: "${exampleId}") { id } }`), deadline.signal);
  await expect.poll(() => executors.sandbox.requests.length).toBeGreaterThan(0);
  const calls = executors.sandbox.requests.length;
  deadline.abort(new Error('The deadline has passed'));
  expect(await answers).toEqual({ data: 0, partial: 1, refused: 0 });
  expect(executors.sandbox.requests).toHaveLength(calls);
});

test('an operation is answered alike before and after it has become common', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: answer(403, {}), personaId: secondId });
  const variables = { ids: [exampleId, unknownId, secondId] };
  const body = { query: `query ($ids: [UUID!]!) { personas(ids: $ids) { ${all} } }`, variables };
  const texts = new Set<string>();
  for (let each = 0; each < 60; each += 1) {
    // oxlint-disable-next-line no-await-in-loop -- in turn: the 51st is compiled
    texts.add(await (await gateway.post(body, { 'x-request-id': 'the-same' })).text());
  }
  expect(texts.size).toBe(1);
  expect(gateway.sandbox.requests).toHaveLength(180);
});
