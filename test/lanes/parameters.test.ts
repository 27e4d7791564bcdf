import { expect, test } from 'vitest';
import { airline, clinic, exampleId } from '../support/gateway.ts';
import { startLanes } from '../support/lanes.ts';

test('operationName chooses alike: present, absent, wrong, empty, null', async () => {
  const lanes = await startLanes();
  const documents = [
    'query A { a: __typename } query B { b: __typename }',
    'query A { a: __typename }',
    '{ a: __typename }',
    'query A { a: __typename } query B { nothing }',
    'query A { a: __typename } mutation B { nothing }',
    'fragment F on Query { __typename }',
    'type A { a: Int }',
    '{ nothing } { nothing }',
    'query __proto__ { a: __typename } query constructor { b: __typename }',
    '{',
  ];
  const operationNames = [
    'A',
    'B',
    'C',
    'a',
    '',
    ' A',
    '__proto__',
    'constructor',
    'F',
    'Ä',
    'x'.repeat(9_999),
    null,
    undefined,
    7,
    {},
  ];
  const outcomes = await lanes.expectSame(
    documents.flatMap((query) => operationNames.map((operationName) => ({ body: { query, operationName } }))),
  );
  expect(outcomes.data).toBeGreaterThan(5);
});

test('extensions and odd parameters are taken or refused alike', async () => {
  const lanes = await startLanes();
  const values = [
    undefined,
    null,
    {},
    [],
    '',
    'a',
    0,
    7,
    true,
    { persistedQuery: { version: 1, sha256Hash: 'ab' } },
    { a: null },
  ];
  const outcomes = await lanes.expectSame([
    ...values.map((extensions) => ({ body: { query: '{ __typename }', extensions } })),
    ...values.map((variables) => ({ body: { query: '{ __typename }', variables } })),
    ...values.map((query) => ({ body: { query } })),
    ...[
      '',
      ' ',
      'null',
      '[]',
      '7',
      '"{ __typename }"',
      '{',
      '{"query":"{ __typename }",}',
      '[{"query":"{ __typename }"}]',
      '{"query":"\ud800"}',
      '\ufeff{}',
    ].map((body) => ({ body })),
    { body: Buffer.from('{"query":"{ persona(id: \\"\xe9\\") { id } }"}', 'latin1') },
    { body: JSON.stringify({ query: '{ __typename }' }).padEnd(1_048_576) },
    { body: JSON.stringify({ query: '{ __typename }' }).padEnd(1_048_577) },
    { body: { query: '{ __typename }', variables: { big: 'ä🩺'.repeat(100_000) } } },
    { body: { query: `{ ${'a: __typename '.repeat(50_000)} }` } },
  ]);
  expect(outcomes.data).toBeGreaterThan(10);
});

test('headers are taken or refused alike, by callers that bring their own key', async () => {
  const lanes = await startLanes({ auth: { mode: 'forward' } });
  const headers = [
    {},
    { 'x-api-key': clinic.apiKey },
    { 'x-api-key': airline.apiKey },
    ...[
      '',
      'short',
      'unknown-but-long',
      'with,comma-in-it',
      'k'.repeat(256),
      'k'.repeat(257),
      'schlüssel-key',
    ].map((key) => ({ 'x-api-key': key })),
    { 'x-api-key': [clinic.apiKey, airline.apiKey] },
    ...[
      '',
      'text/plain',
      'application/JSON',
      'application/json;charset=utf-8',
      'application/json; charset=latin1',
      'application/graphql',
      'application/graphql+json',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      undefined,
    ].map((type) => ({ 'content-type': type })),
    ...['gzip', 'identity', 'br', ''].map((coding) => ({ 'content-encoding': coding })),
    { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' },
    {
      'x-forwarded-for': '203.0.113.7',
      forwarded: 'for=203.0.113.7',
      cookie: 'a=b',
      authorization: 'Bearer x',
    },
    { 'x-http-method-override': 'GET', 'x-graphql-yoga-csrf': '1', 'apollo-require-preflight': '1' },
    { connection: 'close' },
    { 'transfer-encoding': 'chunked', 'content-length': undefined },
    {
      'accept-language': 'de',
      'accept-encoding': 'gzip',
      'if-none-match': '*',
      range: 'bytes=0-1',
      te: 'trailers',
    },
  ];
  const body = { query: `{ persona(id: "${exampleId}") { name } }` };
  const requests = headers.map((each) => ({ headers: each, body }));
  const methods = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => ({ method }));
  const outcomes = await lanes.expectSame([...requests, ...methods]);
  expect(outcomes.partial).toBeGreaterThan(10);
});

test('media types are negotiated alike, for every kind of answer', async () => {
  const lanes = await startLanes();
  const accepts = [
    undefined,
    '',
    '*/*',
    'application/*',
    'application/json',
    'application/json; charset=utf-8',
    'application/json; charset=latin1',
    'application/json;q=0',
    'application/graphql-response+json',
    'application/graphql-response+json; charset=utf-8',
    'APPLICATION/GRAPHQL-RESPONSE+JSON',
    'application/graphql-response+json, application/json;q=0.9',
    'application/graphql-response+json; charset=utf-8, application/json; charset=utf-8',
    'application/json, application/graphql-response+json',
    'application/json;q=0.1, application/graphql-response+json;q=0.2',
    'application/json;q=0, */*',
    '*/*;q=0.1, application/graphql-response+json;q=0',
    'multipart/mixed',
    'multipart/mixed;deferSpec=20220824, application/json',
    'text/event-stream',
    'text/event-stream, application/graphql-response+json;q=0.5',
    'text/html',
    'text/html, */*;q=0.1',
    'text/html, application/json;q=0.5',
  ];
  const bodies = [
    { query: `{ persona(id: "${exampleId}") { name } }` },
    { query: '{ personasByAgent(agentId: "abc") { name } }' },
    { query: '{' },
    { query: '{ nothing }' },
    { query: '{ __typename }', operationName: 'None' },
    { query: 'query ($id: UUID!) { persona(id: $id) { name } }' },
    { query: 7 },
  ];
  const outcomes = await lanes.expectSame(
    accepts.flatMap((accept) => bodies.map((body) => ({ headers: { accept }, body }))),
  );
  expect(outcomes.partial).toBeGreaterThan(15);
});
