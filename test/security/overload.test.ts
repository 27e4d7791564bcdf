import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createAdmission } from '../../src/server/admission/admission.ts';
import type { AdmissionOptions } from '../../src/server/admission/admission.ts';
import { createBatches } from '../../src/server/admission/batches.ts';
import type { BatchesOptions } from '../../src/server/admission/batches.ts';
import { createLine } from '../../src/server/admission/line.ts';
import { airline, clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';
import { startLeavingClient } from '../support/leaving-client.ts';
import type { LeavingClient } from '../support/leaving-client.ts';
import { manyListed, manyTimes, openConnection, requestOf, sendBytes } from '../support/raw-socket.ts';

const typename = { query: '{ __typename }' };

test('a request too many is a 503 before its body is read; health answers, and ready says no until it is over', async () => {
  const gateway = await startGateway({
    protection: { overload: { maxConcurrentRequests: 2, maxEventLoopDelayMs: 0 } },
  });
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'hang' } });
  const hanging = Array.from({ length: 2 }, () =>
    startLeavingClient(gateway.url, { query: `{ persona(id: "${exampleId}") { id } }` }),
  );
  await expect.poll(() => gateway.sandbox.requests.length).toBe(1);
  const { socket, received } = openConnection(gateway.url);
  const isReady = async () => (await fetch(`${gateway.url}/health/ready`)).status;
  await expect
    .poll(async () => {
      // Its body never comes.
      socket.write(
        'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n',
      );
      return received();
    })
    .toMatch(/^HTTP\/1\.1 503 /);
  const refused = await gateway.post(typename);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({
    errors: [{ extensions: { code: 'OVERLOADED', retryable: true, retryAfterMs: 1_000 } }],
  });
  expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
  expect(await isReady()).toBe(503);
  await Promise.all(hanging.map((client) => client.leave()));
  await expect.poll(async () => (await gateway.post(typename)).status).toBe(200);
  await expect.poll(isReady, { timeout: 10_000, interval: 100 }).toBe(200);
});

test('a place comes free however its request ends', async () => {
  const gateway = await startGateway({
    protection: { overload: { maxConcurrentRequests: 1, maxEventLoopDelayMs: 0 } },
  });
  for (const body of ['{', '{"query":"{"}', '{"query":"{ __typename }"}', 'x'.repeat(1_100_000)]) {
    expect((await gateway.post(body)).status).not.toBe(503);
  }
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const hanging = startLeavingClient(gateway.url, { query: `{ persona(id: "${exampleId}") { id } }` });
  await expect.poll(() => gateway.sandbox.requests.length).toBe(1);
  expect((await gateway.post(typename)).status).toBe(503);
  await hanging.leave();
  await expect.poll(async () => (await gateway.post(typename)).status).toBe(200);
});

test('requests whose body never comes take no place from others', async () => {
  const gateway = await startGateway({
    protection: { overload: { maxConcurrentRequests: 1, maxEventLoopDelayMs: 0 } },
  });
  const half =
    'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n';
  const sockets = Array.from({ length: 20 }, () => openConnection(gateway.url).socket);
  for (const socket of sockets) socket.write(half);
  for (let request = 0; request < 20; request += 1) {
    expect((await gateway.post(typename)).status).toBe(200);
  }
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
});

test('of requests that began while there was room, those whose body comes too late are refused', async () => {
  const gateway = await startGateway({
    protection: { overload: { maxConcurrentRequests: 1, maxEventLoopDelayMs: 0 } },
  });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const query = JSON.stringify({ query: `{ persona(id: "${exampleId}") { id } }` });
  const connections = Array.from({ length: 3 }, () => openConnection(gateway.url));
  for (const { socket } of connections) {
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${query.length}\r\nexpect: 100-continue\r\n\r\n`,
    );
  }
  await expect
    .poll(() => connections.every(({ received }) => received().startsWith('HTTP/1.1 100')))
    .toBe(true);
  const [first, ...others] = connections;
  first?.socket.write(query);
  await expect.poll(() => gateway.sandbox.requests.length).toBe(1);
  for (const { socket } of others) socket.write(query);
  for (const { received } of others) await expect.poll(received).toContain('HTTP/1.1 503');
  // Their places were never taken: when the first has gone, there is one, and no more.
  first?.socket.destroy();
  await expect.poll(async () => (await gateway.post(typename)).status).toBe(200);
  const next = startLeavingClient(gateway.url, JSON.parse(query) as { query: string });
  await expect.poll(() => gateway.sandbox.requests.length).toBe(2);
  expect((await gateway.post(typename)).status).toBe(503);
  await next.leave();
});

/** @param line how many wait, and how long another one would have to */
function admissionAt(
  options: Partial<AdmissionOptions> = {},
  line: { length: number; waitMs: number } = { length: 0, waitMs: 0 },
) {
  return createAdmission({
    line: {
      get length() {
        return line.length;
      },
      expectedWaitMs: () => line.waitMs,
      join: () => undefined,
    },
    resumptions: createLine({ now: () => 0 }),
    isBusy: () => false,
    maxConcurrentRequests: 100,
    maxEventLoopDelayMs: 100,
    now: () => 0,
    ...options,
  });
}

test('a request that would have to wait too long in line is refused', () => {
  const line = { length: 100, waitMs: 100 };
  const admission = admissionAt({}, line);
  expect(admission.allows(0)).toBe(true);
  line.waitMs = 101;
  expect(admission.allows(0)).toBe(false);
});

test('a short line that moves slowly is a starved processor, and no overload', () => {
  expect(admissionAt({}, { length: 99, waitMs: 10_000 }).allows(0)).toBe(true);
});

test('with 0 the line may be as long and the event loop as busy as it likes', () => {
  const admission = admissionAt({ maxEventLoopDelayMs: 0 }, { length: 10_000, waitMs: 10_000 });
  expect(admission.allows(1)).toBe(true);
});

test('a turn of the event loop executes for one slice, in order, and the next turn goes on', async () => {
  let now = 0;
  const line = createLine({ sliceMs: 10, now: () => now });
  const executed: number[] = [];
  const execute = async (request: number) => {
    await line.join();
    now += 4;
    await Promise.resolve();
    executed.push(request);
  };
  const all = Promise.all([1, 2, 3, 4, 5].map(execute));
  expect(line.length).toBe(5);
  await setImmediate();
  expect(executed).toEqual([1, 2, 3]);
  expect(line.expectedWaitMs()).toBe(0);
  await setImmediate();
  expect(executed).toEqual([1, 2, 3, 4, 5]);
  await all;
});

test('whoever comes while there is time left is executed at once, and not before those who wait', async () => {
  let now = 0;
  const line = createLine({ sliceMs: 10, now: () => now });
  await line.join();
  now = 9;
  expect(line.join()).toBeUndefined();
  now = 10;
  const late = line.join();
  expect(late).toBeInstanceOf(Promise);
  now = 9;
  expect(line.join()).toBeInstanceOf(Promise);
  await late;
});

test('the wait in line is expected by what the last turns took for each, whatever else they did', async () => {
  let now = 0;
  const line = createLine({ sliceMs: 10, now: () => now });
  const execute = async () => {
    await line.join();
    now += 5;
  };
  for (let request = 0; request < 20; request += 1) void execute();
  await setImmediate();
  expect(line.length).toBe(18);
  // As if refusals had taken another ten milliseconds.
  now += 10;
  await setImmediate();
  expect(line.length).toBe(16);
  expect(line.expectedWaitMs()).toBe(16 * 10);
});

test('while the process is busy, a caller whose reads wait in a long line is refused, and others are not', () => {
  let isBusy = false;
  const admission = admissionAt({ isBusy: () => isBusy });
  expect(admission.allows(1)).toBe(true);
  isBusy = true;
  expect([admission.allows(0.26), admission.allows(0.25)]).toEqual([false, true]);
  // It is no less able to serve anybody else.
  expect(admission.isOverloaded()).toBe(false);
  isBusy = false;
  expect(admission.allows(1)).toBe(true);
});

test('a busy process executes few batches of a caller at once, in order, and refuses what would wait long', async () => {
  const { batches, enter, started } = batchesAt({ maxExecuted: 100, maxWaiting: 700 });
  enter('idle', 100);
  enter('idle, too', 100);
  batches.adapt(true);
  enter('first', 100);
  enter('second', 50);
  enter('third', 50);
  enter('other', 100, 'other');
  expect(started).toEqual(['idle', 'idle, too', 'other']);
  batches.leave('one', 100);
  await setImmediate();
  expect(started).toEqual(['idle', 'idle, too', 'other']);
  batches.leave('one', 100);
  await setImmediate();
  expect(started.slice(3)).toEqual(['first']);
  batches.leave('one', 100);
  await setImmediate();
  expect(started.slice(4)).toEqual(['second', 'third']);

  enter('huge', 699);
  expect(batches.hasRoom('one')).toBe(true);
  for (let count = 0; count < 5; count += 1) enter('small', 2);
  // Seven are not many, and after the eighth it is the reads that count.
  expect(batches.hasRoom('one')).toBe(false);
  expect(batches.hasRoom('other')).toBe(true);
  batches.adapt(false);
  expect(batches.hasRoom('one')).toBe(true);
});

test('with each interval in which there was time twice as many batches are executed, and few when there is none', async () => {
  const { batches, enter, started } = batchesAt({ maxExecuted: 100 });
  batches.adapt(true);
  for (let number = 1; number <= 9; number += 1) enter(String(number), 100);
  expect(started).toEqual(['1']);
  batches.adapt(false);
  await setImmediate();
  expect(started).toEqual(['1', '2']);
  // Whoever comes now is not before those who wait.
  enter('10', 1);
  batches.adapt(false);
  await setImmediate();
  expect(started).toEqual(['1', '2', '3', '4']);
  batches.adapt(true);
  for (let count = 0; count < 3; count += 1) batches.leave('one', 100);
  await setImmediate();
  expect(started).toHaveLength(4);
  batches.leave('one', 100);
  await setImmediate();
  expect(started).toEqual(['1', '2', '3', '4', '5']);
});

function batchesAt(options: BatchesOptions) {
  const batches = createBatches(options);
  const started: string[] = [];
  const enter = (name: string, reads: number, caller = 'one') => {
    const turn = batches.enter(caller, reads);
    if (turn === undefined) started.push(name);
    else void turn.then(() => started.push(name));
  };
  return { batches, enter, started };
}

test('requests with several reads are refused while their caller’s line is more than half full', () => {
  const admission = admissionAt();
  expect([admission.allowsBatch(0.5), admission.allowsBatch(0.51)]).toEqual([true, false]);
});

const manyPersonas = (series: number) => ({
  query: 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }',
  variables: { ids: someIds(100, series) },
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
    });
    const read = { query: `{ persona(id: "${exampleId}") { id } }` };
    await gateway.post(read);
    gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
    // Of each, 32 reads are in flight or wait. There are 64 of the first and 4,096 of the second places.
    const start = (count: number, series: number) =>
      Array.from({ length: count }, (__, index) =>
        startLeavingClient(gateway.url, manyPersonas(series + index)),
      );
    start(66, 0);
    await expect
      .poll(() => gateway.metrics())
      .toMatch(/^bluejay_graphql_upstream_calls_queued\{service="bluejay"\} 2048$/m);
    start(1, 66);
    await expect
      .poll(() => gateway.metrics())
      .toMatch(/^bluejay_graphql_upstream_calls_queued\{service="bluejay"\} 2080$/m);
    const refused = await gateway.post(manyPersonas(67));
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'OVERLOADED' } }] });
    expect(await (await gateway.post(read)).json()).toEqual({ data: { persona: { id: exampleId } } });
    // Other replicas would have to wait for Bluejay, too.
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  },
);

test('a busy gateway refuses the caller whose reads fill the line, by its key, and answers the others', async () => {
  const gateway = await startGateway({
    auth: { mode: 'forward' },
    metrics: { port: 0, host: '127.0.0.1' },
    protection: { overload: { maxConcurrentRequests: 1_000, maxEventLoopDelayMs: 60_000 } },
  });
  const read = { query: `{ persona(id: "${exampleId}") { id } }` };
  // A key that Bluejay has not accepted has no line of its own.
  for (const { apiKey } of [clinic, airline]) await gateway.post(read, { 'x-api-key': apiKey });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  // One key has 32 of the first and 2,048 of the second places.
  const start = (params: { query: string; variables?: object }) =>
    startLeavingClient(gateway.url, params, { 'x-api-key': clinic.apiKey });
  const greedy = someIds(540).map((id) => start({ query: `{ persona(id: "${id}") { id } }` }));
  await expect
    .poll(() => gateway.metrics())
    .toMatch(/^bluejay_graphql_upstream_calls_queued\{service="bluejay"\} 508$/m);
  // At once: the process may be busy still, and 512 are the most for those who come then.
  greedy.push(start({ ...manyPersonas(1), variables: { ids: someIds(20, 1) } }));
  await expect
    .poll(() => gateway.metrics())
    .toMatch(/^bluejay_graphql_upstream_calls_queued\{service="bluejay"\} 528$/m);

  const clients = [clinic, airline].map(({ apiKey }) => {
    const { socket, received } = openConnection(gateway.url);
    const head = `POST /graphql HTTP/1.1\r\nhost: x\r\nx-api-key: ${apiKey}\r\ncontent-type: application/json\r\n`;
    return {
      send: () => void socket.write(`${head}content-length: 26\r\n\r\n${JSON.stringify(typename)}`),
      status: () =>
        received()
          .match(/HTTP\/1\.1 \d+/g)
          ?.at(-1)
          ?.slice(-3),
    };
  });
  const statuses = () => clients.map(({ status }) => status());
  // While it is idle, a long line is Bluejay's doing.
  await expect
    .poll(() => {
      for (const { send } of clients) send();
      return statuses();
    })
    .toEqual(['200', '200']);
  await setImmediate();
  for (const { send } of clients) send();
  // After this come the timers, and then what has arrived.
  for (const until = performance.now() + 500; performance.now() < until;);
  await expect.poll(statuses).toEqual(['503', '200']);
  await Promise.all(greedy.map((client) => client.leave()));
});

test('a busy gateway refuses further batches of a caller whose batches would wait long, until they have ended', async () => {
  const gateway = await startGateway({
    protection: { overload: { maxConcurrentRequests: 1_000, maxEventLoopDelayMs: 60_000 } },
  });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const query =
    'query ($keys: [_Any!]!) { _entities(representations: $keys) { ... on CustomerPersona { id } } }';
  const batches: LeavingClient[] = [];
  for (let series = 0; series < 8; series += 1) {
    const keys = someIds(300, series).map((id) => ({ __typename: 'CustomerPersona', id }));
    batches.push(startLeavingClient(gateway.url, { query, variables: { keys } }));
  }
  await expect.poll(() => gateway.sandbox.requests.length).toBe(64);
  const { socket, received } = openConnection(gateway.url);
  const statuses = () =>
    received()
      .match(/HTTP\/1\.1 \d+/g)
      ?.map((line) => line.slice(-3)) ?? [];
  let sent = 0;
  const send = (bytes: string) => {
    sent += 1;
    socket.write(bytes);
  };
  const sendWhileBusy = async (bytes: string) => {
    await setImmediate();
    send(bytes);
    for (const until = performance.now() + 500; performance.now() < until;);
    await expect.poll(() => statuses().length).toBe(sent);
    return statuses().at(-1);
  };
  const small = requestOf(typename);
  const large = requestOf({ query: `${typename.query}${' '.repeat(2_048)}` });
  const chunked = small.replace(
    /content-length: (\d+)\r\n\r\n(.*)/,
    (_, length, body) =>
      `transfer-encoding: chunked\r\n\r\n${Number(length).toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
  const smallBatch = requestOf({ ...manyPersonas(9), variables: { ids: someIds(2, 9) } });
  // To begin with it may be busy still.
  await expect
    .poll(() => {
      send(large);
      return statuses().at(-1);
    })
    .toBe('200');
  await expect.poll(() => statuses().length).toBe(sent);
  for (const bytes of [large, chunked, smallBatch]) expect(await sendWhileBusy(bytes)).toBe('503');
  expect(await sendWhileBusy(small)).toBe('200');
  await Promise.all(batches.map((client) => client.leave()));
  await expect.poll(() => gateway.logs.filter((line) => line['aborted'] === true).length).toBe(8);
  expect(await sendWhileBusy(large)).toBe('200');
});

test('it counts as overloaded until two seconds after the last refusal', () => {
  let now = 0;
  const limit = admissionAt({ maxConcurrentRequests: 0, now: () => now });
  expect(limit.isOverloaded()).toBe(false);
  expect(limit.allows(0)).toBe(false);
  now = 1_999;
  expect(limit.isOverloaded()).toBe(true);
  now = 2_000;
  expect(limit.isOverloaded()).toBe(false);
});

test('requests that wait while the process is busy are refused when they have waited too long', async () => {
  const gateway = await startGateway({
    protection: { overload: { maxConcurrentRequests: 1_000, maxEventLoopDelayMs: 1 } },
  });
  const bytes = requestOf(typename);
  const connections = Array.from({ length: 100 }, () => openConnection(gateway.url));
  const statuses = () => connections.flatMap(({ received }) => received().match(/HTTP\/1\.1 \d+/g) ?? []);
  for (const { socket } of connections) socket.write(bytes);
  await expect.poll(statuses).toHaveLength(100);
  for (const { socket } of connections) socket.write(bytes.repeat(16));
  await expect.poll(statuses, { timeout: 10_000 }).toHaveLength(1_700);
  expect(new Set(statuses())).toEqual(new Set(['HTTP/1.1 200', 'HTTP/1.1 503']));
  await expect.poll(async () => (await gateway.post(typename)).status).toBe(200);
});

test('a health check on a new connection does not stand behind all requests that came before it', async () => {
  const gateway = await startGateway({
    protection: { overload: { maxConcurrentRequests: 10_000, maxEventLoopDelayMs: 0 } },
  });
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

test.each([
  ['persona', { personaId: exampleId }, manyTimes('id', 40, exampleId, 500)],
  ['list', { agentId: 7 }, manyListed(40, 7, 200)],
])(
  'a health check does not stand behind all requests that have waited for the same %s',
  async (_, read, params) => {
    const gateway = await startGateway({
      protection: { overload: { maxConcurrentRequests: 10_000, maxEventLoopDelayMs: 0 } },
    });
    gateway.sandbox.faults.add({ ...read, fault: { kind: 'delay', delayMs: 300 } });
    const bytes = requestOf(params);
    const connections = Array.from({ length: 30 }, () => openConnection(gateway.url));
    const answered = () => connections.filter(({ received }) => received() !== '').length;
    for (const { socket } of connections) socket.write(bytes);
    while (answered() === 0) await setImmediate();
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
    expect(answered()).toBeLessThan(25);
    await expect.poll(answered).toBe(30);
    expect(gateway.sandbox.requests).toHaveLength(1);
  },
);
