import { expect, onTestFinished, test } from 'vitest';
import { query } from '../../examples/frontend/client.ts';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import type { Fault } from '../../src/sandbox/index.ts';
import { clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';
import { startMain } from '../support/main.ts';
import { startTcpUpstream } from '../support/upstreams.ts';

const answer = (status: number, headers: Record<string, string> = {}): Fault => ({
  kind: 'answer',
  status,
  headers,
});

test.each<[string, Fault]>([
  ['a reset', { kind: 'reset' }],
  ['a body cut off', { kind: 'truncate' }],
  ['a 429', answer(429)],
  ['a 502', answer(502)],
  ['a 503', answer(503)],
  ['a 503 with Retry-After: 0', answer(503, { 'retry-after': '0' })],
  ['a 504', answer(504)],
  ...[407, 408, 520, 521, 522, 523, 524, 525, 526, 527, 530].map((status): [string, Fault] => [
    `a ${status}`,
    answer(status),
  ]),
])('%s, twice, is made good by the third attempt', async (_name, fault) => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault, times: 2 });
  const { data, errors } = await gateway.query(personaQuery, { id: exampleId });
  expect(errors).toBeUndefined();
  expect(data?.persona?.id).toBe(exampleId);
  expect(gateway.sandbox.requests).toHaveLength(3);
  await expect.poll(() => gateway.logs).toMatchObject([{ upstreamCalls: 3 }]);
});

test('three attempts are the most', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: answer(503) });
  const { errors } = await gateway.query(personaQuery, { id: exampleId });
  expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', upstream: { status: 503 } } }]);
  expect(gateway.sandbox.requests).toHaveLength(3);
});

test.each([400, 401, 403, 409, 422, 500, 501, 505, 519, 528, 529, 531, 599])(
  'a %i is final',
  async (status) => {
    const gateway = await startGateway();
    gateway.sandbox.faults.add({ fault: answer(status) });
    const { errors } = await gateway.query(personaQuery, { id: exampleId });
    expect(errors).toHaveLength(1);
    expect(gateway.sandbox.requests).toHaveLength(1);
  },
);

test('Retry-After is waited for when it fits the deadline', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: answer(429, { 'retry-after': '1' }), times: 1 });
  const startedAt = performance.now();
  const { data } = await gateway.query(personaQuery, { id: exampleId });
  expect(data?.persona?.id).toBe(exampleId);
  expect(performance.now() - startedAt).toBeGreaterThan(990);
});

test.each([
  [429, 'RATE_LIMITED', '60', 60_000],
  [503, 'UPSTREAM_UNAVAILABLE', '60', 60_000],
])(
  'a %i that asks for more than the deadline fails at once and says so',
  async (status, code, seconds, ms) => {
    const gateway = await startGateway();
    gateway.sandbox.faults.add({ fault: answer(status, { 'retry-after': seconds }) });
    const { errors } = await gateway.query(personaQuery, { id: exampleId });
    expect(errors).toMatchObject([{ extensions: { code, retryAfterMs: ms } }]);
    expect(gateway.sandbox.requests).toHaveLength(1);
  },
);

test('Retry-After as a date in the past means now', async () => {
  const gateway = await startGateway();
  const past = new Date(Date.now() - 60_000).toUTCString();
  gateway.sandbox.faults.add({ fault: answer(503, { 'retry-after': past }), times: 1 });
  expect((await gateway.query(personaQuery, { id: exampleId })).errors).toBeUndefined();
});

test('a date in the form of asctime or RFC 850 is UTC, wherever the gateway runs', async () => {
  const { sandbox } = await startGateway();
  // 14 hours ahead of UTC.
  const main = await startMain({
    TZ: 'Pacific/Kiritimati',
    BLUEJAY_BASE_URL: sandbox.url,
    BLUEJAY_API_KEY: clinic.apiKey,
  });
  await expect.poll(main.output, { timeout: 30_000 }).toContain('listening');
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(Date.now() + 3_600_000)
    .toUTCString()
    .split(' ');
  for (const retryAfter of [
    `${day.slice(0, 3)} ${month} ${date.replace(/^0/, ' ')} ${time} ${year}`,
    `Monday, ${date}-${month}-${year.slice(2)} ${time} GMT`,
  ]) {
    sandbox.faults.clear();
    sandbox.faults.add({ fault: answer(503, { 'retry-after': retryAfter }) });
    const { errors } = await query(
      personaQuery,
      { id: exampleId },
      { url: `${main.url}/graphql`, headers: {} },
    );
    const waitMs = Number(errors?.[0]?.extensions['retryAfterMs']);
    expect(waitMs).toBeGreaterThan(3_500_000);
    expect(waitMs).toBeLessThanOrEqual(3_600_000);
  }
});

test('200 reads of an upstream that only refuses cost at most 40 retries and the floor of 10', async () => {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  // The clock stands still: all of them are recent.
  const bluejay = await createBluejay({
    baseUrl: sandbox.url,
    userAgent: 'test',
    now: () => 0,
    random: () => 0,
  });
  onTestFinished(() => bluejay.close());
  // 429s leave the breaker closed: this is the budget alone.
  sandbox.faults.add({ fault: answer(429) });
  for (const id of someIds(200)) {
    await expect(bluejay.customerPersonas.get(id, { apiKey: clinic.apiKey })).rejects.toMatchObject({
      failure: { kind: 'rate_limited' },
    });
  }
  expect(sandbox.requests.length).toBeGreaterThan(240);
  expect(sandbox.requests.length).toBeLessThanOrEqual(250);
});

/** Answers every read and hangs up some time after, without a word about it. */
async function startHangingUp(afterMs: number) {
  const timers = new Map<unknown, NodeJS.Timeout>();
  return startTcpUpstream((socket, request) => {
    const id = /customer-persona\/(\S+)/.exec(request)?.[1];
    const body = JSON.stringify({ id });
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    clearTimeout(timers.get(socket));
    timers.set(
      socket,
      setTimeout(() => socket.destroy(), afterMs),
    );
  });
}

test('an upstream that closes idle connections after 50 ms, unannounced, causes no error', async () => {
  const gateway = await startGateway({ baseUrl: await startHangingUp(50) });
  // 20 callers, each ten times, with pauses around the moment at which the upstream hangs up.
  await Promise.all(
    Array.from({ length: 20 }, async (_caller, caller) => {
      for (const [index, id] of someIds(10, caller).entries()) {
        const { data, errors } = await gateway.query(personaQuery, { id });
        expect(errors).toBeUndefined();
        expect(data?.persona?.id).toBe(id);
        await new Promise((resolve) => {
          setTimeout(resolve, 45 + index);
        });
      }
    }),
  );
});

test.each([0, 1, 3])('an upstream that hangs up %i ms after each answer causes no error', async (afterMs) => {
  const gateway = await startGateway({ baseUrl: await startHangingUp(afterMs) });
  for (const id of someIds(100)) {
    const { errors } = await gateway.query(personaQuery, { id });
    expect(errors).toBeUndefined();
  }
});

/** Answers the first read of each connection, and says of the next one that it came too late. */
const startTimingOut = (header: string) => {
  const used = new WeakSet<object>();
  return startTcpUpstream((socket, request) => {
    const id = /customer-persona\/(\S+)/.exec(request)?.[1];
    const body = JSON.stringify({ id });
    socket.write(
      used.has(socket)
        ? `HTTP/1.1 408 Request Timeout\r\n${header}\r\ncontent-length: 4\r\n\r\nlate`
        : `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    used.add(socket);
  });
};

test('a 408 on a connection that was idle is sent again on another one, however often, without the budget', async () => {
  const denied: string[] = [];
  const gateway = await startGateway({
    baseUrl: await startTimingOut('Connection: Close'),
    events: { onRetryDenied: (operation) => denied.push(operation) },
  });
  // Half of them: more than the budget allows.
  for (const id of someIds(80)) {
    const { data, errors } = await gateway.query(personaQuery, { id });
    expect(errors).toBeUndefined();
    expect(data?.persona?.id).toBe(id);
  }
  expect(denied).toEqual([]);
});
