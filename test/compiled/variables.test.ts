import { expect, test } from 'vitest';
import { exampleId, unknownId } from '../support/gateway.ts';
import { startBothExecutors } from '../support/both-executors.ts';

const onBoth =
  '{ __typename ... on CustomerPersona { id name } ... on Agent { agentId: id customerPersonas { id } } }';
const inRepresentation = `{ _entities(representations: [{ __typename: "CustomerPersona", id: $v }]) ${onBoth} }`;

/** Every type that a variable can have, required, optional and with a default. */
const documents = {
  'UUID!': 'query ($v: UUID!) { persona(id: $v) { id name } }',
  'UUID! with a default': `query ($v: UUID! = "${exampleId}") { persona(id: $v) { id name } }`,
  'UUID with a default': `query ($v: UUID = "${exampleId}") { persona(id: $v) { id name } }`,
  UUID: 'query ($v: UUID!) { personas(ids: [$v, $v]) { id } }',
  '[UUID!]!': 'query ($v: [UUID!]!) { personas(ids: $v) { id } }',
  '[UUID!] with a default': `query ($v: [UUID!] = ["${exampleId}"]) { personas(ids: $v) { id } }`,
  'ID!': 'query ($v: ID!) { personasByAgent(agentId: $v) { id } }',
  'ID with a default': 'query ($v: ID = 7) { personasByAgent(agentId: $v) { id } }',
  'Boolean!': 'query ($v: Boolean!) { __typename @skip(if: $v) a: __typename @include(if: $v) }',
  'Boolean with a default':
    'query ($v: Boolean = true) { __typename @skip(if: $v) ... @include(if: $v) { a: __typename } }',
  'String!': 'query ($v: String!) { __type(name: $v) { name kind } }',
  'String with a default': 'query ($v: String = "Agent") { __type(name: $v) { name kind } }',
  '[_Any!]!': `query ($v: [_Any!]!) { _entities(representations: $v) ${onBoth} }`,
  '_Any!': `query ($v: _Any!) { _entities(representations: [$v, $v]) ${onBoth} }`,
  ...Object.fromEntries(
    [
      'Int',
      'Float',
      'String',
      'Boolean',
      'ID',
      'UUID',
      'DateTime',
      '_Any',
      '[Int]',
      '[[UUID]!]',
      '_Any!',
    ].map((type) => [`${type} in a literal`, `query ($v: ${type}) ${inRepresentation}`]),
  ),
};

/** As JSON text, as JavaScript would lose some of it; undefined is a variable that is missing. */
const values = [
  undefined,
  'null',
  '0',
  '-0',
  '-1',
  '7',
  '1.5',
  '2147483648',
  '9007199254740993',
  '1e400',
  '-1e-400',
  'true',
  'false',
  '""',
  '"abc"',
  '"7"',
  '" 7"',
  '"true"',
  '"null"',
  '"Agent"',
  '"ä🩺\\u0000\\ud800"',
  '"2023-11-07T05:31:56Z"',
  ...[exampleId, exampleId.toUpperCase(), unknownId, `{${exampleId}}`].map((id) => JSON.stringify(id)),
  JSON.stringify('x'.repeat(70_000)),
  '[]',
  '[null]',
  '[[]]',
  `["${exampleId}"]`,
  `["${exampleId}", null, 7, "abc"]`,
  `[["${exampleId}"]]`,
  '["a", "b"]',
  '{}',
  '{"id": null}',
  '{"__proto__": {"a": 1}}',
  '{"toString": 1, "valueOf": 2, "toJSON": 3}',
  '{"length": 2}',
  `{"__typename": "CustomerPersona", "id": "${exampleId}"}`,
  `[{"__typename": "Agent", "id": 8}, {"__typename": "Agent"}, {"__typename": "CustomerPersona", "id": "${unknownId}"}]`,
  JSON.stringify(Array.from({ length: 60 }, (_, index) => index)),
];

test.each(Object.entries(documents))(
  'a variable of the type %s takes and refuses alike',
  async (_type, query) => {
    const executors = await startBothExecutors();
    const variables = [
      ...values.map((value) => (value === undefined ? '{}' : `{"v":${value}}`)),
      // More than is asked for, and another name.
      '{"v":"7","w":7,"":null,"$v":1}',
      '{"V":"7"}',
    ].map((text) => JSON.parse(text) as Record<string, unknown>);
    const outcomes = await executors.expectSame([
      ...variables.map((each) => ({ query, variables: each })),
      { query },
    ]);
    // Every type takes some of the values: the documents are valid.
    expect(outcomes.data + outcomes.partial).toBeGreaterThan(0);
  },
);

test('several variables that do not fit are reported alike', async () => {
  const executors = await startBothExecutors();
  const query =
    'query ($a: UUID!, $b: [UUID!]!, $c: ID!) { persona(id: $a) { id } personas(ids: $b) { id } personasByAgent(agentId: $c) { id } }';
  const outcomes = await executors.expectSame(
    [
      {},
      { a: null, b: null, c: null },
      { a: 1, b: [1, 2, [3]], c: {} },
      { a: exampleId, b: [exampleId, null], c: 7 },
      { a: exampleId, b: [], c: 7 },
      { a: exampleId, b: [unknownId], c: 'abc' },
    ].map((variables) => ({ query, variables })),
  );
  expect(outcomes).toEqual({ data: 1, partial: 1, refused: 4 });
});
