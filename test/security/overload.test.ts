import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createAdmission } from '../../src/server/overload/admission.ts';
import type { AdmissionOptions } from '../../src/server/overload/admission.ts';
import { createLine } from '../../src/server/overload/line.ts';
import { airline, clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';
import { startLeavingClient } from '../support/leaving-client.ts';
import { openConnection, sendBytes } from '../support/raw-socket.ts';

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
  admission.onUtilization(1);
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
  const admission = admissionAt();
  expect(admission.allows(1)).toBe(true);
  admission.onUtilization(0.9);
  expect([admission.allows(0.26), admission.allows(0.25)]).toEqual([false, true]);
  admission.onUtilization(0.89);
  expect(admission.allows(1)).toBe(true);
});

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
  // Of each, 32 reads are in flight or wait. Those of one key have 32 of the first and 2,048 of the second places.
  const greedy = Array.from({ length: 18 }, (_, series) =>
    startLeavingClient(
      gateway.url,
      {
        query: 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }',
        variables: { ids: someIds(100, series) },
      },
      { 'x-api-key': clinic.apiKey },
    ),
  );
  await expect.poll(() => gateway.metrics()).toMatch(/^bluejay_graphql_upstream_calls_queued 544$/m);

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
  const bytes = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 26\r\n\r\n${JSON.stringify(typename)}`;
  const { socket, received } = openConnection(gateway.url);
  // In one piece, so in one turn.
  socket.write(bytes.repeat(2_000));
  await expect.poll(() => received().split('HTTP/1.1 ').length - 1, { timeout: 10_000 }).toBe(2_000);
  const statuses = received().match(/HTTP\/1\.1 \d+/g) ?? [];
  expect(statuses[0]).toBe('HTTP/1.1 200');
  expect(statuses).toContain('HTTP/1.1 503');
  await expect.poll(async () => (await gateway.post(typename)).status).toBe(200);
});

test('a health check on a new connection does not stand behind all requests that came before it', async () => {
  const gateway = await startGateway({
    protection: { overload: { maxConcurrentRequests: 10_000, maxEventLoopDelayMs: 0 } },
  });
  const bytes = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 26\r\n\r\n${JSON.stringify(typename)}`;
  const busy = Array.from({ length: 40 }, () => openConnection(gateway.url));
  const answered = () => busy.reduce((sum, { received }) => sum + received().split('{"data"').length - 1, 0);
  for (const { socket } of busy) socket.write(bytes);
  await expect.poll(answered).toBe(40);
  for (const { socket } of busy) socket.write(bytes.repeat(100));
  const answer = await sendBytes(
    gateway.url,
    'GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answered()).toBeLessThan(2_000);
  await expect.poll(answered).toBe(4_040);
});
