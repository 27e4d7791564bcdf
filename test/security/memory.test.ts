import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Chunks } from '../../src/shared/chunks.ts';
import { clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';
import type { TestGatewayOptions } from '../support/gateway.ts';
import { manyTimes, openConnection, requestOf, sendBytes } from '../support/raw-socket.ts';
import type { RawConnection } from '../support/raw-socket.ts';
import { startWordyUpstream } from '../support/upstreams.ts';

const mebibyte = 1_048_576;
const typename = { query: '{ __typename }' };

const start = (options: TestGatewayOptions = {}) =>
  startGateway({ protection: { memoryBudgetBytes: 20 * mebibyte }, ...options });

/** A request of a mebibyte. */
function largeBody(query: string): string {
  const around = JSON.stringify({ query, padding: '' });
  return JSON.stringify({ query, padding: 'x'.repeat(mebibyte - around.length) });
}

const whole = largeBody('{ __typename }');
const unfinished = whole.slice(0, -6);
const headOf = (apiKey: string) =>
  `POST /graphql HTTP/1.1\r\nhost: x\r\nx-api-key: ${apiKey}\r\ncontent-type: application/json\r\ncontent-length: ${mebibyte}\r\n\r\n`;

function openUnfinished(url: string, count: number, apiKey = 'invented'): RawConnection[] {
  return Array.from({ length: count }, () => {
    const connection = openConnection(url);
    connection.socket.write(headOf(apiKey) + unfinished);
    return connection;
  });
}

const isRefused = ({ received }: RawConnection) => received().startsWith('HTTP/1.1 503 ');

test('bodies that do not end have the budget together: the oldest of the caller that holds the most have to go', async () => {
  const gateway = await start({ auth: { mode: 'forward' } });
  const read = { query: `{ persona(id: "${exampleId}") { id } }` };
  const key = { 'x-api-key': clinic.apiKey };
  await gateway.post(read, key);
  const flood = openUnfinished(gateway.url, 30);
  await expect.poll(() => flood.filter(isRefused).length).toBeGreaterThan(9);
  const refused = () => flood.find(isRefused)?.received();
  await expect.poll(refused).toMatch(/^retry-after: 1\r$/im);
  await expect
    .poll(refused)
    .toMatch(/"message":"[A-Z][^"]{20,}".*"code":"OVERLOADED".*"retryable":true,"retryAfterMs":1000/);

  const [own] = openUnfinished(gateway.url, 1, clinic.apiKey);
  own?.socket.write(whole.slice(-6));
  await expect.poll(() => own?.received()).toContain('{"data":{"__typename":"Query"}}');
  expect((await gateway.post(read, key)).status).toBe(200);
  expect((await gateway.post(read, { 'x-api-key': 'invented' })).status).toBe(200);

  // What those held who left is free again.
  for (const { socket } of flood) socket.destroy();
  await expect.poll(() => gateway.logs.filter(({ msg }) => msg === 'request').length).toBe(34);
  const others = openUnfinished(gateway.url, 12);
  const [last] = openUnfinished(gateway.url, 1);
  last?.socket.write(whole.slice(-6));
  await expect.poll(() => last?.received()).toContain('"Query"');
  expect(others.filter(isRefused)).toEqual([]);
});

test('a body that comes byte by byte takes no more room than another', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const body = Buffer.from(whole.slice(0, 200_000));
  const before = held();
  const chunks = new Chunks();
  for (let index = 0; index < body.length; index += 1) chunks.add(body.subarray(index, index + 1));
  expect(held() - before).toBeLessThan(2 * mebibyte);
  expect(chunks.join()).toEqual(body);
});

test('what a body parses to counts as long as its request is executed; small requests are answered', async () => {
  const gateway = await start();
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const query =
    'query ($keys: [_Any!]!) { _entities(representations: $keys) { ... on CustomerPersona { id } } }';
  const keysOf = (id: string) => [
    { __typename: 'CustomerPersona', id, junk: Array.from({ length: 50_000 }, () => ({})) },
  ];
  const hanging = someIds(10).map((id) => {
    const connection = openConnection(gateway.url);
    connection.socket.write(requestOf({ query, variables: { keys: keysOf(id) } }));
    return connection;
  });
  // 150 kB of text are 3 MB of objects.
  await expect.poll(() => hanging.filter(isRefused).length).toBeGreaterThan(3);
  expect(gateway.sandbox.requests.length).toBeGreaterThan(3);
  expect((await gateway.post(typename)).status).toBe(200);
  for (const { socket } of hanging) socket.destroy();
  await expect
    .poll(async () => (await gateway.post({ ...typename, variables: { keys: keysOf('1') } })).status)
    .toBe(200);
});

test('what the variables of a GET parse to counts, too', async () => {
  const gateway = await start();
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const query =
    'query ($keys: [_Any!]!) { _entities(representations: $keys) { ... on CustomerPersona { id } } }';
  const hanging = someIds(100).map((id) => {
    const junk = Array.from({ length: 5_000 }, () => []);
    const variables = JSON.stringify({ keys: [{ __typename: 'CustomerPersona', id, junk }] });
    const connection = openConnection(gateway.url);
    connection.socket.write(
      `GET /graphql?query=${encodeURIComponent(query)}&variables=${variables} HTTP/1.1\r\nhost: x\r\n\r\n`,
    );
    return connection;
  });
  // 15 kB of text are 335 kB of objects.
  await expect.poll(() => hanging.filter(isRefused).length).toBeGreaterThan(20);
  expect(gateway.sandbox.requests.length).toBeGreaterThan(20);
  expect((await gateway.post(typename)).status).toBe(200);
});

test('the headers of requests that wait in pipelines count', async () => {
  const gateway = await start();
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'hang' } });
  const padded = (params: object) => requestOf(params).replace('host', `a: ${'x'.repeat(14_000)}\r\nhost`);
  const pipeline = padded({ query: `{ persona(id: "${exampleId}") { id } }` }) + padded(typename).repeat(16);
  const connections = Array.from({ length: 100 }, () => {
    const connection = openConnection(gateway.url);
    connection.socket.write(pipeline);
    return connection;
  });
  const refused = () => connections.filter(isRefused).length;
  // Each holds 300 kB, until its first request is refused and the others are answered.
  await expect.poll(refused).toBeGreaterThan(20);
  expect(refused()).toBeLessThan(80);
  expect((await gateway.post(typename)).status).toBe(200);
});

test('answers that nobody takes have the budget together', async () => {
  const baseUrl = await startWordyUpstream();
  const gateway = await start({ baseUrl, http: { maxConnections: 8, receiveTimeoutMs: 60_000 } });
  const params = manyTimes('description', 40, exampleId, 8);
  const connections = Array.from({ length: 8 }, () => {
    const connection = openConnection(gateway.url);
    connection.socket.pause();
    connection.socket.write(requestOf(params));
    return connection;
  });
  await expect.poll(() => gateway.logs.filter((line) => line['aborted'] === true).length).toBeGreaterThan(4);
  // The port is free again, though nobody has read anything.
  for (const { socket } of connections) socket.on('error', () => {});
  await expect
    .poll(() => sendBytes(gateway.url, requestOf(typename).replace('host', 'connection: close\r\nhost')))
    .toContain('"Query"');
});

test.each([
  ['a single answer', 1, 40],
  ['many smaller answers in a pipeline', 17, 10],
])('a client that does not read %s is cut off in time', async (_, count, aliases) => {
  const baseUrl = await startWordyUpstream();
  const gateway = await startGateway({ baseUrl, http: { maxConnections: 100, receiveTimeoutMs: 1_000 } });
  const request = requestOf(manyTimes('description', aliases, exampleId, 8));
  const { socket } = openConnection(gateway.url);
  socket.pause();
  socket.write(request.repeat(count));
  const ended = () => gateway.logs.some((line) => line['aborted'] === true);
  await expect.poll(ended).toBe(true);
  expect((await gateway.post(typename)).status).toBe(200);
});
