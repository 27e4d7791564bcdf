import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { airline, clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';
import { fewPlaces, fillLine, startLeavingClient } from '../support/leaving-client.ts';
import { sumOf } from '../support/prometheus-text.ts';
import { startHttpUpstream } from '../support/upstreams.ts';
import { manyListed, manyTimes, openConnection, requestOf, sendBytes } from '../support/raw-socket.ts';

const typename = { query: '{ __typename }' };

test('a caller whose reads Bluejay does not answer takes nothing from others, and readiness stays', async () => {
  const gateway = await startGateway({
    auth: { mode: 'forward' },
    cache: { ttlMs: 60_000 },
    timeoutMs: 60_000,
    requestTimeoutMs: 60_000,
    upstreamLimits: { maxInFlight: 4, maxQueue: 1_000 },
  });
  const read = { query: `{ persona(id: "${exampleId}") { id } }` };
  for (const { apiKey } of [clinic, airline]) await gateway.post(read, { 'x-api-key': apiKey });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const flood = someIds(100).map((id) =>
    startLeavingClient(
      gateway.url,
      { query: `{ persona(id: "${id}") { id } }` },
      { 'x-api-key': clinic.apiKey },
    ),
  );
  // One key may have half of the places.
  await expect.poll(() => gateway.sandbox.requests.length).toBe(4);
  gateway.sandbox.faults.clear();
  const other = { 'x-api-key': airline.apiKey };
  const unread = { query: `{ persona(id: "${someIds(1, 7)[0]}") { id } }` };
  for (const params of [read, unread]) {
    const response = await gateway.post(params, other);
    expect(response.status).toBe(200);
    expect(await response.json()).not.toHaveProperty('errors');
  }
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  await Promise.all(flood.map((client) => client.leave()));
});

test('requests whose body never comes take nothing from others', async () => {
  const gateway = await startGateway();
  const half =
    'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n';
  const sockets = Array.from({ length: 200 }, () => openConnection(gateway.url).socket);
  for (const socket of sockets) socket.write(half);
  for (let request = 0; request < 20; request += 1) {
    expect((await gateway.post(typename)).status).toBe(200);
  }
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
});

test('a process that has no time refuses what waited too long, says that it is not ready, and recovers', async () => {
  const gateway = await startGateway({ protection: { maxQueueDelayMs: 250 } });
  const request = requestOf(manyTimes('id', 40, exampleId, 100));
  const flood = spawn(process.execPath, ['test/support/flood.mjs', new URL(gateway.url).port, request], {
    stdio: 'inherit',
  });
  onTestFinished(() => void flood.kill());
  const isReady = async () => (await fetch(`${gateway.url}/health/ready`)).status;
  await expect.poll(isReady, { interval: 20, timeout: 15_000 }).toBe(503);
  const refusals = () => gateway.logs.filter(({ status }) => status === 503);
  expect(refusals().some(({ errorCodes }) => isDeepStrictEqual(errorCodes, { OVERLOADED: 1 }))).toBe(true);
  flood.kill();
  await expect.poll(async () => (await gateway.post(typename)).status).toBe(200);
  await expect.poll(isReady, { timeout: 10_000, interval: 100 }).toBe(200);
});

const twoPersonas = (series: number) => ({
  query: 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }',
  variables: { ids: someIds(2, series) },
});

test.each([
  ['alone', undefined],
  ['beside a rate limit', { points: 100_000, windowSeconds: 60, trustedProxies: 0 }],
])(
  'what would miss a part, as the line at Bluejay is long, is refused as a whole (%s); what is cached is answered',
  async (_, rateLimit) => {
    const gateway = await startGateway({
      cache: { ttlMs: 60_000 },
      metrics: { port: 0, host: '127.0.0.1' },
      protection: { rateLimit },
      timeoutMs: 60_000,
      requestTimeoutMs: 60_000,
      upstreamLimits: fewPlaces,
    });
    const read = { query: `{ persona(id: "${exampleId}") { id } }` };
    await gateway.post(read);
    gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
    const clients = await fillLine(gateway, { queued: fewPlaces.maxQueue / 2 });
    // Half of the queue is filled: one more has its part, and then the line is too long.
    clients.push(startLeavingClient(gateway.url, twoPersonas(1)));
    const queued = async () => sumOf(await gateway.metrics(), 'upstream_calls_queued');
    await expect.poll(queued).toBe(fewPlaces.maxQueue);
    const refused = await gateway.post(twoPersonas(2));
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'OVERLOADED' } }] });
    expect(await (await gateway.post(read)).json()).toEqual({ data: { persona: { id: exampleId } } });
    // Other replicas would have to wait for Bluejay, too.
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
    await Promise.all(clients.map((client) => client.leave()));
  },
);

test('a health check on a new connection does not stand behind all requests that came before it', async () => {
  const gateway = await startGateway();
  const bytes = requestOf(typename);
  const busy = Array.from({ length: 250 }, () => openConnection(gateway.url));
  const answered = () => busy.reduce((sum, { received }) => sum + received().split('{"data"').length - 1, 0);
  for (const { socket } of busy) socket.write(bytes);
  await expect.poll(answered).toBe(250);
  for (const { socket } of busy) socket.write(bytes.repeat(16));
  const answer = await sendBytes(
    gateway.url,
    'GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answered()).toBeLessThan(2_000);
  await expect.poll(answered).toBe(4_250);
});

test.each<[string, unknown, object]>([
  ['persona', clinic.personas[0], manyTimes('id', 40, exampleId, 500)],
  ['list', clinic.personas.slice(0, 3), manyListed(40, 7, 200)],
])(
  'a health check does not stand behind all requests that have waited for the same %s',
  async (_, answer, params) => {
    const held: ServerResponse[] = [];
    const baseUrl = await startHttpUpstream((_request, response) => void held.push(response));
    let coalesced = 0;
    const gateway = await startGateway({
      baseUrl,
      timeoutMs: 60_000,
      requestTimeoutMs: 60_000,
      events: { onCoalesced: () => void (coalesced += 1) },
    });
    const bytes = requestOf(params);
    const connections = Array.from({ length: 30 }, () => openConnection(gateway.url));
    const answered = () => connections.filter(({ received }) => received() !== '').length;
    // Connected before, so that the check takes no more turns of the event loop than it has to.
    const probe = openConnection(gateway.url);
    await once(probe.socket, 'connect');
    for (const { socket } of connections) socket.write(bytes);
    await expect.poll(() => coalesced).toBe(29);
    held[0]?.end(JSON.stringify(answer));
    while (answered() === 0) await setImmediate();
    probe.socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n');
    while (probe.received() === '') await setImmediate();
    expect(probe.received()).toMatch(/^HTTP\/1\.1 200 /);
    expect(answered()).toBeLessThan(25);
    await expect.poll(answered).toBe(30);
    expect(held).toHaveLength(1);
  },
);
