import { spawn } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createAdmission } from '../../src/server/admission/admission.ts';
import type { AdmissionOptions } from '../../src/server/admission/admission.ts';
import { createCallerAccount } from '../../src/server/http/caller-account.ts';
import { airline, clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';
import { fewPlaces, fillLine, startLeavingClient } from '../support/leaving-client.ts';
import { sumOf } from '../support/prometheus-text.ts';
import { startHttpUpstream } from '../support/upstreams.ts';
import { manyListed, manyTimes, openConnection, requestOf, sendBytes } from '../support/raw-socket.ts';

const typename = { query: '{ __typename }' };

/** An admission on a clock of the test's, and requests of named callers. */
function startAdmission(options: Partial<AdmissionOptions> = {}) {
  let nowMs = 1_000;
  const admission = createAdmission({ maxDelayMs: 250, sliceMs: 10, now: () => nowMs, ...options });
  const accounts = new Map<string, ReturnType<typeof createCallerAccount>>();
  const accountOf = (caller: string) => {
    const account = accounts.get(caller) ?? createCallerAccount(caller);
    accounts.set(caller, account);
    return account;
  };
  const started: string[] = [];
  const refused: string[] = [];
  return {
    admission,
    accountOf,
    started,
    refused,
    /** @param tookMs how long the request keeps the event loop busy, and how many reads it has under way from then on */
    enter(name: string, { caller = 'one', tookMs = 0, reads = 0 } = {}) {
      const start = () => {
        started.push(name);
        nowMs += tookMs;
        admission.charge(accountOf(caller), reads);
      };
      const turn = admission.enter(accountOf(caller));
      if (turn === undefined) start();
      else void turn.then((isAdmitted) => (isAdmitted ? start() : refused.push(name)));
    },
    /** Lets time pass, during which no request is started. */
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

test('a turn of the event loop starts requests for one slice, and the next turn goes on', async () => {
  const { enter, started } = startAdmission();
  for (const name of ['1', '2', '3', '4', '5']) enter(name, { tookMs: 4 });
  expect(started).toEqual([]);
  await setImmediate();
  expect(started).toEqual(['1', '2', '3']);
  await setImmediate();
  expect(started).toEqual(['1', '2', '3', '4', '5']);
});

test('whoever comes while there is time left is started at once, and not before those who wait', async () => {
  const { enter, started, pass } = startAdmission();
  enter('1');
  await setImmediate();
  pass(9);
  enter('2');
  expect(started).toEqual(['1', '2']);
  pass(1);
  enter('3');
  pass(-1);
  enter('4');
  expect(started).toEqual(['1', '2']);
  await setImmediate();
  expect(started).toEqual(['1', '2', '3', '4']);
});

test('callers are served in turn, however many requests one of them has waiting', async () => {
  const { enter, started } = startAdmission();
  for (const name of ['1', '2', '3']) enter(`flood ${name}`, { caller: 'flood' });
  enter('a', { caller: 'other' });
  enter('b', { caller: 'third' });
  await setImmediate();
  expect(started).toEqual(['flood 1', 'a', 'b', 'flood 2', 'flood 3']);
});

test('what was read is gone on with before anything new is started', async () => {
  const { admission, enter, started } = startAdmission();
  enter('new');
  void admission.resume()?.then(() => started.push('resumed'));
  await setImmediate();
  expect(started).toEqual(['resumed', 'new']);
});

test('a burst is waited for; a queue that stands is answered newest first, and what waited too long is refused', async () => {
  const { admission, accountOf, enter, started, refused, pass } = startAdmission({ maxDelayMs: 1_000 });
  for (let count = 1; count <= 20; count += 1) enter(`burst ${count}`, { tookMs: 10 });
  for (let turns = 0; turns < 20; turns += 1) {
    await setImmediate();
    admission.adapt(true);
  }
  expect(started).toHaveLength(20);
  expect([refused, admission.isOverloaded()]).toEqual([[], false]);

  started.length = 0;
  for (let count = 1; count <= 100; count += 1) enter(`old ${count}`, { tookMs: 10 });
  pass(95);
  await setImmediate();
  admission.adapt(true);
  expect(admission.isOpenTo(accountOf('one'))).toBe(false);
  expect(admission.isOpenTo(accountOf('other'))).toBe(true);
  enter('new', { tookMs: 10 });
  await setImmediate();
  expect(started).toEqual(['old 1', 'new']);
  pass(300);
  admission.adapt(true);
  await setImmediate();
  expect(refused).toContain('old 2');
  expect(refused).not.toContain('new');
});

/** A caller that always has 200 requests waiting, of which one is started in each turn of 10 ms. */
async function overload(
  { admission, accountOf, enter }: ReturnType<typeof startAdmission>,
  turns: number,
  eachTurn = () => {},
): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    while (accountOf('flood').waiting.size < 200) enter('flood', { caller: 'flood', tookMs: 10 });
    eachTurn();
    await setImmediate();
    admission.adapt(true);
  }
}

test('a process that refuses whoever asks for a second counts as overloaded, until two seconds after it', async () => {
  const scene = startAdmission({ maxDelayMs: 1_000 });
  await overload(scene, 100);
  expect(scene.admission.isOverloaded()).toBe(false);
  await overload(scene, 100);
  expect(scene.admission.isOverloaded()).toBe(true);
  scene.pass(2_000);
  expect(scene.admission.isOverloaded()).toBe(false);
});

test('a caller that is answered soon keeps the process from counting as overloaded', async () => {
  const scene = startAdmission({ maxDelayMs: 1_000 });
  await overload(scene, 300, () => scene.enter('soon', { caller: 'other' }));
  expect(scene.admission.isOverloaded()).toBe(false);
});

test('with 0 nobody is refused, however long it takes', async () => {
  const { admission, accountOf, enter, refused, pass } = startAdmission({ maxDelayMs: 0 });
  for (let count = 1; count <= 30; count += 1) enter(String(count), { tookMs: 10 });
  pass(10_000);
  admission.adapt(true);
  await setImmediate();
  expect(admission.isOpenTo(accountOf('one'))).toBe(true);
  expect([refused, admission.isOverloaded()]).toEqual([[], false]);
});

test('while the process is busy few reads are under way at once, shared between those who want some', async () => {
  const { admission, accountOf, enter, started } = startAdmission({ busyCapacity: 100 });
  admission.adapt(true);
  for (const name of ['1', '2', '3']) enter(`large ${name}`, { reads: 60 });
  enter('small', { caller: 'other', reads: 40 });
  await setImmediate();
  expect(started).toEqual(['large 1', 'small']);
  // Whoever is below its share need not wait until others are done.
  enter('third', { caller: 'third', reads: 20 });
  await setImmediate();
  expect(started.slice(2)).toEqual(['third']);
  admission.release(accountOf('one'), 60);
  await setImmediate();
  expect(started.slice(3)).toEqual(['large 2']);
  admission.release(accountOf('one'), 60);
  await setImmediate();
  expect(started.slice(4)).toEqual(['large 3']);
});

test('with each interval in which there was time twice as many reads may be under way', async () => {
  const { admission, enter, started } = startAdmission({ busyCapacity: 100 });
  admission.adapt(true);
  for (let number = 1; number <= 9; number += 1) enter(String(number), { reads: 100 });
  await setImmediate();
  expect(started).toHaveLength(1);
  admission.adapt(false);
  await setImmediate();
  expect(started).toHaveLength(2);
  admission.adapt(false);
  await setImmediate();
  expect(started).toHaveLength(4);
  admission.adapt(true);
  await setImmediate();
  expect(started).toHaveLength(4);
});

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
    for (const { socket } of connections) socket.write(bytes);
    await expect.poll(() => coalesced).toBe(29);
    held[0]?.end(JSON.stringify(answer));
    while (answered() === 0) await setImmediate();
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
    expect(answered()).toBeLessThan(25);
    await expect.poll(answered).toBe(30);
    expect(held).toHaveLength(1);
  },
);
