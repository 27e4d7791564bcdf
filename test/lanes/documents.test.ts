import { expect, test } from 'vitest';
import { airline, exampleId, someIds, unknownId } from '../support/gateway.ts';
import { secondId } from '../support/generated-requests.ts';
import { startLanes } from '../support/lanes.ts';

const unicodeId = '9d2c1e6b-64b1-4e8e-b1ce-3f5a1c7d8e03';
const nullsId = 'e1f0a2b3-c4d5-4e6f-8a9b-0c1d2e3f4a05';
const foreignId = airline.personas[0]?.id ?? '';

const all = 'id createdAt name description goal orgId';
const quoted = (text: string) => JSON.stringify(text);
const queries = (...documents: string[]) => documents.map((query) => ({ body: { query } }));

test('valid documents are answered alike', async () => {
  const lanes = await startLanes();
  const outcomes = await lanes.expectSame(
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

test('documents that are no GraphQL are refused alike', async () => {
  const lanes = await startLanes();
  const outcomes = await lanes.expectSame(
    queries(
      '{',
      '}',
      ' ',
      '# nothing',
      '{}',
      'query',
      'query {',
      '{ persona( }',
      `{ persona(id: "${exampleId}" { id } }`,
      '{ persona(id: "unterminated) { id } }',
      '{ persona(id: """unterminated) { id } }',
      '{ persona(id: "\\q") { id } }',
      '{ persona(id: "\\u{110000}") { id } }',
      '{ persona(id: 01) { id } }',
      '{ persona(id: 1.) { id } }',
      '{ persona(id: 1e) { id } }',
      '{ a b: }',
      '{ ...on }',
      'fragment on on CustomerPersona { id }',
      'query ($id) { __typename }',
      'query ($id: UUID = $other) { __typename }',
      '{ __typename } garbage',
      'SELECT * FROM personas',
      '\u0000',
      '{ \u0007 }',
      '{ näme }',
      '🩺',
      '\ud800',
      '{\n  persona(id: "é🩺\n',
      '\ufeff{',
      'query Q($a: Int $a: Int) { a } {',
    ),
  );
  expect(outcomes).toMatchObject({ data: 0, partial: 0 });
});

test('documents that do not fit the schema are refused alike', async () => {
  const lanes = await startLanes();
  const persona = `persona(id: "${exampleId}")`;
  const outcomes = await lanes.expectSame(
    queries(
      '{ nothing }',
      '{ person(id: 1) { id } }',
      `{ ${persona} }`,
      `{ ${persona} { nothing nam } }`,
      `{ ${persona} { id { deeper } } }`,
      '{ persona { id } }',
      '{ persona(id: null) { id } }',
      '{ persona(uuid: 1) { id } }',
      `{ persona(id: "${exampleId}", id: "${exampleId}") { id } }`,
      ...['1', '1.5', 'true', 'ENUM', '[]', '{}', '"abc"', `["${exampleId}"]`, '$undefined', '""'].map(
        (id) => `{ persona(id: ${id}) { id } }`,
      ),
      ...['1.5', 'true', 'ENUM', '[7]', '{}', 'null'].map(
        (id) => `{ personasByAgent(agentId: ${id}) { id } }`,
      ),
      ...['null', '[null]', '["abc", 1, null]', '{}', '[[]]'].map(
        (ids) => `{ personas(ids: ${ids}) { id } }`,
      ),
      '{ __typename @unknown }',
      '{ __typename @include }',
      '{ __typename @include(if: "yes") }',
      '{ __typename @include(if: true) @include(if: true) }',
      'query @skip(if: true) { __typename }',
      '{ ...None }',
      '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
      '{ __typename } fragment Unused on Query { __typename }',
      '{ ...A } fragment A on Query { __typename } fragment A on Query { __typename }',
      `{ ${persona} { ... on Agent { id } ... on None { id } ... on UUID { id } } }`,
      'query A { __typename } query A { __typename }',
      'query A { __typename } { __typename }',
      'query ($a: None) { __typename }',
      'query ($a: CustomerPersona) { __typename }',
      'query ($a: Boolean, $a: Boolean) { __typename @skip(if: $a) }',
      'query ($a: Boolean!) { __typename }',
      'query ($a: Boolean) { __typename @skip(if: $a) }',
      'query ($a: Boolean! = "no") { __typename @skip(if: $a) }',
      'query ($a: [UUID]) { personas(ids: $a) { id } }',
      'query ($a: String!) { persona(id: $a) { id } }',
      `{ a: ${persona} { id } a: persona(id: "${secondId}") { id } }`,
      `{ ${persona} { id: name id } }`,
      'mutation { persona }',
      'mutation M { createPersona { id } }',
      'subscription { persona { id } }',
      'subscription { __typename }',
      'type Query { a: Int }',
      '{ __typename } extend type Query { a: Int } directive @a on FIELD',
      '{ _entities { __typename } }',
      '{ _entities(representations: null) { __typename } _service }',
      '{ _entities(representations: [{ __typename: "Agent", id: 7 }]) { id } }',
      `{ ${'nothing '.repeat(150)} }`,
    ),
  );
  expect(outcomes).toMatchObject({ data: 0, partial: 0 });
});

test('reads that the data source refuses fail alike, up to the null of the whole answer', async () => {
  const lanes = await startLanes({ maxRepresentations: 3 });
  const onBoth =
    '{ __typename ... on CustomerPersona { id name } ... on Agent { agentId: id customerPersonas { id } } }';
  const entities = (...representations: unknown[]) => ({
    query: `query Entities($r: [_Any!]!) { _entities(representations: $r) ${onBoth} }`,
    variables: { r: representations },
  });
  const persona = { __typename: 'CustomerPersona', id: exampleId };
  const outcomes = await lanes.expectSame([
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
    ].map((representations) => ({ body: entities(...representations) })),
  ]);
  expect(outcomes.partial).toBeGreaterThan(15);
});

test('hostile documents are answered alike', async () => {
  const lanes = await startLanes();
  const names = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'then',
    'toJSON',
    'length',
    '_',
    'data',
  ];
  const fragments = Array.from(
    { length: 12 },
    (_, index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`,
  );
  const outcomes = await lanes.expectSame([
    ...queries(
      ...names.flatMap((name) => [
        `{ ${name}: __typename persona(id: "${exampleId}") { ${name}: name } }`,
        `query ${name} { __typename }`,
        `{ ${name} }`,
        `{ ...${name} } fragment ${name} on Query { __typename }`,
        `query ($${name}: Boolean!) { __typename @skip(if: $${name}) }`,
        `{ __type(name: "${name}") { name } }`,
      ]),
      `{ ${Array.from({ length: 500 }, (_, index) => `a${index}: __typename`).join(' ')} }`,
      `{ ${'__typename '.repeat(2_000)} }`,
      `{ ${'a'.repeat(50_000)}: __typename }`,
      `query ${'Q'.repeat(300)} { __typename }`,
      `${'#'.repeat(60_000)}\n{ __typename }`,
      `{ __typename ${'@include(if: true)'.repeat(50)} }`,
      `{ ...F0 } ${fragments.join(' ')} fragment F12 on Query { __typename }`,
      `{ __schema { types { fields { type ${'{ ofType '.repeat(100)}{ name }${'}'.repeat(104)}`,
      '{ a '.repeat(50_000),
      `${'{ a '.repeat(50_000)}${'}'.repeat(50_000)}`,
      `{ persona(id: ${'['.repeat(20_000)}${']'.repeat(20_000)}) { id } }`,
      '\ufeff{ __typename }',
      '{,,, __typename ,,,}',
      '{\r\n\t__typename\r}',
      `{ persona(id: """${exampleId}""") { name } }`,
      `{ persona(id: "\\u0033${exampleId.slice(1)}") { name } }`,
      `{ persona(id: "\\u{33}${exampleId.slice(1)}") { name } }`,
      '{ __type(name: "é🩺\\u2028\\ud83e\\ude7a") { name } }',
      '{ nothing(é: 1) }',
    ),
    { body: { query: '{ __typename }', extra: 1, batch: [], id: null } },
    { body: '{"query":"{ __typename }","query":"{ a: __typename }"}' },
    { body: '{"query":"{ __typename }","__proto__":{"variables":7},"constructor":1}' },
    {
      body: '{"query":"query ($v: Boolean = true) { __typename @skip(if: $v) }","variables":{"__proto__":{"v":false}}}',
    },
  ]);
  expect(outcomes.data).toBeGreaterThan(40);
});
