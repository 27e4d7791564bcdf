import { expect, test } from 'vitest';
import { personaQuery } from '../examples/frontend/operations.ts';
import type { GatewayResult } from '../examples/frontend/client.ts';
import { airline, clinic, exampleId, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';
import { manyTimes, requestOf, sendBytes } from './support/raw-socket.ts';

const forward = { mode: 'forward' } as const;
/** A window so long that it does not end in the middle of a test. */
const rateLimit = { points: 2, windowSeconds: 3_600 };

test('forward: each caller sees what its own key opens', async () => {
  const gateway = await startGateway({ auth: forward });
  const ask = async (apiKey: string) =>
    gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': apiKey });
  expect((await ask(clinic.apiKey)).data?.persona?.orgId).toBe(clinic.id);
  expect(await ask(airline.apiKey)).toEqual({ data: { persona: null } });
  expect(gateway.sandbox.requests.map(({ headers }) => headers['x-api-key'])).toEqual([
    clinic.apiKey,
    airline.apiKey,
  ]);
});

test('forward: a read without a key is UNAUTHENTICATED and costs no call', async () => {
  const gateway = await startGateway({ auth: forward });
  const { data, errors } = await gateway.query(personaQuery, { id: exampleId });
  expect(data).toEqual({ persona: null });
  expect(errors).toMatchObject([
    {
      message: 'Send your Bluejay API key in the X-API-Key header.',
      path: ['persona'],
      extensions: { code: 'UNAUTHENTICATED', retryable: false },
    },
  ]);
  expect(errors?.[0]?.extensions).not.toHaveProperty('upstream');
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test('forward: what needs no read needs no key', async () => {
  const gateway = await startGateway({ auth: forward });
  const response = await gateway.post({ query: '{ _service { sdl } __schema { queryType { name } } }' });
  expect(await response.json()).toMatchObject({ data: { __schema: { queryType: { name: 'Query' } } } });
});

test('forward: a key that Bluejay does not know is UNAUTHENTICATED', async () => {
  const gateway = await startGateway({ auth: forward });
  const { errors } = await gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': 'not-a-real-key' });
  expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', upstream: { status: 401 } } }]);
});

/** Asks over raw HTTP, for headers that no client library sends. */
async function askWith(gateway: TestGateway, ...lines: string[]) {
  const answer = await sendBytes(
    gateway.url,
    requestOf({ query: `{ a: persona(id: "${exampleId}") { id } __typename }` }).replace(
      'host: x\r\n',
      ['host: x', 'connection: close', ...lines, ''].join('\r\n'),
    ),
  );
  return { answer, body: JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as GatewayResult<object> };
}

test.each([
  ['empty', 'x-api-key:'],
  ['only spaces', 'x-api-key:    '],
  ['only tabs and spaces', 'X-API-KEY: \t \t'],
])('forward: a key that is %s is no key', async (_name, line) => {
  const gateway = await startGateway({ auth: forward });
  const { answer, body } = await askWith(gateway, line);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(body).toMatchObject({
    data: { a: null, __typename: 'Query' },
    errors: [{ message: 'Send your Bluejay API key in the X-API-Key header.', path: ['a'] }],
  });
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test.each([
  ['too short', 'x-api-key: seven77'],
  ['too long', `x-api-key: ${'x'.repeat(257)}`],
  ['with a space', 'x-api-key: canary and more'],
  ['with a comma', 'x-api-key: canary-1,canary-2'],
  ['with a letter beyond ASCII', 'x-api-key: canary-sch\u00fcssel'],
  ['sent twice', `x-api-key: ${clinic.apiKey}`, `X-API-Key: ${airline.apiKey}`],
  ['sent twice, once empty', 'x-api-key:', `x-api-key: ${clinic.apiKey}`],
  ['sent twice alike', `x-api-key: ${clinic.apiKey}`, `x-api-key: ${clinic.apiKey}`],
])('forward: a key that is %s fails what reads, and nothing else', async (_name, ...lines) => {
  const gateway = await startGateway({ auth: forward, protection: { rateLimit } });
  for (let sent = 0; sent < 2; sent += 1) {
    const { answer, body } = await askWith(gateway, ...lines);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(body).toMatchObject({
      data: { a: null, __typename: 'Query' },
      errors: [
        {
          message:
            'Send one Bluejay API key in the X-API-Key header: 8 to 256 visible ASCII characters without a comma.',
          path: ['a'],
          extensions: { code: 'UNAUTHENTICATED', retryable: false },
        },
      ],
    });
    expect(body.errors?.[0]?.extensions).not.toHaveProperty('upstream');
  }
  expect(gateway.sandbox.requests).toHaveLength(0);
  expect(gateway.logText()).toContain('malformed_key');
  const keys = lines.map((line) => line.slice('x-api-key: '.length)).filter((key) => key !== '');
  expect(keys.filter((key) => gateway.logText().includes(key))).toEqual([]);
  // Counted by its address.
  expect((await gateway.post({ query: '{ __typename }' })).status).toBe(429);
});

test('forward: a malformed key does no harm to what needs none', async () => {
  const gateway = await startGateway({ auth: forward });
  const response = await gateway.post({ query: '{ __typename }' }, { 'x-api-key': 'a b' });
  expect([response.status, await response.json()]).toEqual([200, { data: { __typename: 'Query' } }]);
});

test('forward: each entity that is read with a malformed key has an error of its own', async () => {
  const gateway = await startGateway({ auth: forward });
  const response = await gateway.post(manyTimes('name', 1, exampleId, 2), {
    'x-api-key': 'a b',
    accept: 'application/graphql-response+json',
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    data: { _entities: [null, null] },
    errors: [{ path: ['_entities', 0] }, { path: ['_entities', 1] }],
  });
});

test('service: the gateway’s own key is used, whatever key a caller sends', async () => {
  const gateway = await startGateway();
  const result = await gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': airline.apiKey });
  expect(result.data?.persona?.orgId).toBe(clinic.id);
  expect(gateway.sandbox.requests[0]?.headers['x-api-key']).toBe(clinic.apiKey);
});

test('no key is ever logged', async () => {
  const gateway = await startGateway({ auth: forward });
  await gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': clinic.apiKey });
  await gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': 'not-a-real-key' });
  expect(gateway.logs).toHaveLength(2);
  expect(gateway.logText()).not.toContain(clinic.apiKey);
  expect(gateway.logText()).not.toContain('not-a-real-key');
});
