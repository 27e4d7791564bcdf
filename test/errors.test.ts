import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { personaQuery } from '../examples/frontend/operations.ts';
import type { Fault } from '../src/sandbox/index.ts';
import { clinic, exampleId, startGateway } from './support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from './support/gateway.ts';
import { fewPlaces, fillLine } from './support/leaving-client.ts';

const secret = 'canary-5f2d';

/** The one error of a read that meets the fault, without its request id and message. */
async function errorOf(fault: Fault, options: TestGatewayOptions = {}) {
  const gateway = await startGateway(options);
  gateway.sandbox.faults.add({ fault });
  return readError(gateway);
}

async function readError(gateway: TestGateway) {
  const { data, errors } = await gateway.query(personaQuery, { id: exampleId });
  expect(data).toEqual({ persona: null });
  expect(errors).toHaveLength(1);
  const { message, path, extensions } = errors?.[0] ?? { message: '' };
  expect(path).toEqual(['persona']);
  expect(message).toMatch(/^[A-Z][^\n]{10,300}$/);
  const { requestId, ...rest }: Record<string, unknown> = extensions ?? {};
  expect(requestId).toMatch(/^[\w-]{36}$/);
  // Neither what Bluejay said nor where it is may reach the client or the log.
  const host = new URL(gateway.sandbox.url).host;
  for (const text of [JSON.stringify(errors), gateway.logText()]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(host);
    expect(text).not.toContain('node_modules');
  }
  return rest;
}

const answer = (status: number, body = '', headers: Record<string, string> = {}): Fault => ({
  kind: 'answer',
  status,
  body,
  headers,
});

const upstream = { service: 'bluejay', operation: 'getCustomerPersona' };

test('a 422 about the path is BAD_USER_INPUT, in the words of GraphQL arguments', async () => {
  const detail = [
    {
      loc: ['path', 'persona_id'],
      msg: 'Input should be a valid UUID',
      type: 'uuid_parsing',
      input: secret,
      ctx: { error: secret },
      url: `https://errors.example/${secret}`,
    },
  ];
  expect(await errorOf(answer(422, JSON.stringify({ detail })))).toEqual({
    code: 'BAD_USER_INPUT',
    retryable: false,
    fieldErrors: [{ path: ['id'], message: 'Input should be a valid UUID', type: 'uuid_parsing' }],
    upstream: { ...upstream, status: 422 },
  });
});

test('a 422 about one of several personas names its place in the list', async () => {
  const gateway = await startGateway();
  const detail = [{ loc: ['path', 'persona_id'], msg: 'Refused', type: 'value_error' }];
  gateway.sandbox.faults.add({ personaId: exampleId, fault: answer(422, JSON.stringify({ detail })) });
  const response = await gateway.post({
    query: `{ personas(ids: ["0b6f5a52-19c1-4f0e-9a53-5d2f0f6f7b01", "${exampleId}"]) { id } }`,
  });
  expect(await response.json()).toMatchObject({
    errors: [{ path: ['personas', 1], extensions: { fieldErrors: [{ path: ['ids', 1] }] } }],
  });
});

test.each([
  ['a string', { detail: secret }],
  ['null', { detail: null }],
  ['absent', {}],
  ['a list of strangers', { detail: [1, null, 'x', [secret]] }],
])('a 422 whose detail is %s is BAD_USER_INPUT without field errors', async (_name, body) => {
  expect(await errorOf(answer(422, JSON.stringify(body)))).toMatchObject({
    code: 'BAD_USER_INPUT',
    fieldErrors: [],
  });
});

test('a 422 with oversized or odd parts is cut to size', async () => {
  const detail = Array.from({ length: 100 }, () => ({
    loc: ['body', 'x'.repeat(1_000), { secret }, 3],
    msg: 'm'.repeat(1_000),
    type: 7,
  }));
  const error = await errorOf(answer(422, JSON.stringify({ detail })));
  expect(error['fieldErrors']).toEqual(
    Array.from({ length: 20 }, () => ({
      path: ['x'.repeat(200), 3],
      message: 'm'.repeat(200),
      type: 'value_error',
    })),
  );
});

test('a 422 that repeats the API key gives it to nobody', async () => {
  const key = clinic.apiKey;
  const detail = [
    { loc: ['query', 'x-api-key'], msg: `Invalid input: key ${key} is not valid`, type: key },
    { loc: ['path', key, 'persona_id'], msg: 'Not a persona', type: 'value_error' },
  ];
  const error = await errorOf(answer(422, JSON.stringify({ detail })));
  expect(JSON.stringify(error)).not.toContain(key);
  expect(error).toMatchObject({
    code: 'BAD_USER_INPUT',
    fieldErrors: [
      { path: ['x-api-key'], message: 'Invalid value', type: 'value_error' },
      { path: ['id'], message: 'Not a persona' },
    ],
  });
});

test('a 422 about a header is about the header, however that is written', async () => {
  const detail = [{ loc: ['Header', 'x-api-key'], msg: 'Not a key', type: 'value_error' }];
  expect(await errorOf(answer(422, JSON.stringify({ detail })))).toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('a 422 about the path and a header is about the header', async () => {
  const detail = [
    { loc: ['path', 'persona_id'], msg: 'Input should be a valid UUID', type: 'uuid_parsing' },
    { loc: ['header', 'x-api-key'], msg: 'Field required', type: 'missing' },
  ];
  expect(await errorOf(answer(422, JSON.stringify({ detail })))).toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('a long location is cut to ten places', async () => {
  const detail = [
    { loc: ['body', ...Array.from({ length: 30 }, (_, index) => index)], msg: 'No', type: 'x' },
  ];
  const error = await errorOf(answer(422, JSON.stringify({ detail })));
  expect(error['fieldErrors']).toMatchObject([{ path: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);
});

test('a 422 about a header is UNAUTHENTICATED', async () => {
  const detail = [{ loc: ['header', 'x-api-key'], msg: 'Field required', type: 'missing', input: secret }];
  expect(await errorOf(answer(422, JSON.stringify({ detail })))).toEqual({
    code: 'UNAUTHENTICATED',
    retryable: false,
    upstream: { ...upstream, status: 422 },
  });
});

test.each([
  [401, { code: 'UNAUTHENTICATED', retryable: false }],
  [403, { code: 'FORBIDDEN', retryable: false }],
  [429, { code: 'RATE_LIMITED', retryable: true }],
  [502, { code: 'UPSTREAM_UNAVAILABLE', retryable: true }],
  [503, { code: 'UPSTREAM_UNAVAILABLE', retryable: true }],
  [504, { code: 'UPSTREAM_UNAVAILABLE', retryable: true }],
  [204, { code: 'UPSTREAM_ERROR', retryable: false }],
  [400, { code: 'UPSTREAM_ERROR', retryable: false }],
  [409, { code: 'UPSTREAM_ERROR', retryable: false }],
  [500, { code: 'UPSTREAM_ERROR', retryable: true }],
  [301, { code: 'UPSTREAM_INVALID_RESPONSE', retryable: false }],
  [304, { code: 'UPSTREAM_INVALID_RESPONSE', retryable: false }],
])('a %i is %j', async (status, expected) => {
  const fault = answer(status, status === 204 || status === 304 ? '' : `<p>${secret}</p>`);
  expect(await errorOf(fault)).toEqual({ ...expected, upstream: { ...upstream, status } });
});

test('a 429 with Retry-After says how long to wait', async () => {
  expect(await errorOf(answer(429, '', { 'retry-after': '7' }))).toMatchObject({
    code: 'RATE_LIMITED',
    retryAfterMs: 7_000,
  });
});

test('a redirect is not followed, and the key stays here', async () => {
  const elsewhere = await startGateway();
  const gateway = await startGateway();
  const location = `${elsewhere.sandbox.url}/v1/customer-persona/${exampleId}`;
  gateway.sandbox.faults.add({ fault: answer(307, '', { location }) });
  expect(await readError(gateway)).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
  expect(elsewhere.sandbox.requests).toHaveLength(0);
});

test.each([
  ['is not JSON', `<html>${secret}</html>`],
  ['is empty', ''],
  ['is an array', `[{"id":"${exampleId}"}]`],
  ['is null', 'null'],
  ['is an empty object', '{}'],
  ['is an object of something else', '{"error":"maintenance"}'],
  ['is a string', `"${secret}"`],
  ['has an id that is no UUID', `{"id":"${secret}"}`],
  ['has another id than was asked for', '{"id":"0b6f5a52-19c1-4f0e-9a53-5d2f0f6f7b01"}'],
  ['is cut off in the middle of JSON', `{"id":"${exampleId}","name":"${secret}`],
])('a 200 whose body %s is UPSTREAM_INVALID_RESPONSE', async (_name, body) => {
  expect(await errorOf(answer(200, body))).toEqual({
    code: 'UPSTREAM_INVALID_RESPONSE',
    retryable: false,
    upstream: { ...upstream, status: 200 },
  });
});

test('a body over 1 MiB is UPSTREAM_INVALID_RESPONSE', async () => {
  const body = JSON.stringify({ id: exampleId, description: 'x'.repeat(1_100_000) });
  expect(await errorOf(answer(200, body))).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
});

test('a body in an encoding that nobody asked for is UPSTREAM_INVALID_RESPONSE', async () => {
  const fault = answer(200, JSON.stringify({ id: exampleId }), { 'content-encoding': 'gzip' });
  expect(await errorOf(fault)).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
});

test.each([
  [401, 'UNAUTHENTICATED'],
  [429, 'RATE_LIMITED'],
  [503, 'UPSTREAM_UNAVAILABLE'],
])('a %i stays what it is, however large or encoded its body', async (status, code) => {
  const large = answer(status, 'x'.repeat(1_100_000));
  expect(await errorOf(large)).toMatchObject({ code, upstream: { status } });
  expect(await errorOf(answer(status, 'x', { 'content-encoding': 'gzip' }))).toMatchObject({ code });
});

test('headers beyond 16 KiB are UPSTREAM_INVALID_RESPONSE', async () => {
  const fault = answer(200, '{"id":null}', { 'x-filler': 'x'.repeat(20_000) });
  expect(await errorOf(fault)).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
});

test('an answer that is not HTTP is UPSTREAM_INVALID_RESPONSE', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(`220 ${secret} ESMTP\r\n`));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  const { port } = await new Promise<AddressInfo>((resolve) => {
    server.once('listening', () => resolve(server.address() as AddressInfo));
  });
  const gateway = await startGateway({ baseUrl: `http://127.0.0.1:${port}` });
  expect(await readError(gateway)).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
});

test.each<[string, Fault]>([
  ['a reset', { kind: 'reset' }],
  ['a connection that ends in the middle of a body', { kind: 'truncate' }],
])('%s is UPSTREAM_UNAVAILABLE', async (_name, fault) => {
  expect(await errorOf(fault)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryable: true });
});

test('a refused connection is UPSTREAM_UNAVAILABLE', async () => {
  const gateway = await startGateway();
  await gateway.sandbox.close();
  expect(await readError(gateway)).toEqual({ code: 'UPSTREAM_UNAVAILABLE', retryable: true, upstream });
});

test('a host that does not resolve is UPSTREAM_UNAVAILABLE', async () => {
  const gateway = await startGateway({ baseUrl: 'http://bluejay.invalid' });
  expect(await readError(gateway)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  expect(gateway.logText()).not.toContain('bluejay.invalid');
});

test.each<[string, Fault]>([
  ['headers that never come', { kind: 'hang' }],
  ['an answer that comes too late', { kind: 'delay', delayMs: 5_000 }],
  ['a body that drips', { kind: 'drip', intervalMs: 10 }],
])('%s: UPSTREAM_TIMEOUT, and the socket is closed', async (_name, fault) => {
  const gateway = await startGateway({ timeoutMs: 60 });
  gateway.sandbox.faults.add({ fault });
  expect(await readError(gateway)).toMatchObject({ code: 'UPSTREAM_TIMEOUT', retryable: true });
  await expect.poll(() => gateway.sandbox.connections()).toBe(0);
});

test('calls beyond the sockets and the queue are OVERLOADED, and the queue recovers', async () => {
  const gateway = await startGateway({
    timeoutMs: 60_000,
    requestTimeoutMs: 60_000,
    metrics: { port: 0, host: '127.0.0.1' },
    upstreamLimits: fewPlaces,
  });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const flood = await fillLine(gateway);
  expect(await readError(gateway)).toEqual({
    code: 'OVERLOADED',
    retryable: true,
    retryAfterMs: 1_000,
    upstream,
  });

  gateway.sandbox.faults.clear();
  await Promise.all(flood.map((client) => client.leave()));
  await expect
    .poll(async () => (await gateway.query(personaQuery, { id: exampleId })).data?.persona?.id)
    .toBe(exampleId);
});
