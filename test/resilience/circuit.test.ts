import { expect, onTestFinished, test } from 'vitest';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { DeadlineExceeded } from '../../src/datasources/upstream/errors.ts';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import type { Fault } from '../../src/sandbox/index.ts';
import { clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';

test.each<[string, Fault]>([
  ['503s', { kind: 'answer', status: 503 }],
  ['500s', { kind: 'answer', status: 500 }],
  ['resets', { kind: 'reset' }],
  ['timeouts', { kind: 'hang' }],
])('%s open the breaker: no call goes out and answers come at once', async (_name, fault) => {
  const gateway = await startGateway({ timeoutMs: 50 });
  gateway.sandbox.faults.add({ fault });
  await Promise.all(someIds(30).map((id) => gateway.query(personaQuery, { id })));

  const { errors } = await gateway.query(personaQuery, { id: exampleId });
  expect(errors).toMatchObject([
    {
      extensions: {
        code: 'UPSTREAM_UNAVAILABLE',
        reason: 'circuit_open',
        retryAfterMs: expect.any(Number) as number,
        upstream: { service: 'bluejay', operation: 'getCustomerPersona' },
      },
    },
  ]);
  expect(gateway.sandbox.requests.map(({ path }) => path)).not.toContain(`/v1/customer-persona/${exampleId}`);
  expect(gateway.logs.at(-1)).toMatchObject({ msg: 'request', upstreamCalls: 0 });
  expect(gateway.logs).toContainEqual(expect.objectContaining({ level: 'warn', state: 'open' }));
});

test.each([401, 403, 404, 422, 429])('100 answers of %i leave the breaker closed', async (status) => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status, body: '{"detail":"no"}' }, times: 400 });
  // A few at a time: 429s are retried.
  const ids = someIds(100);
  for (let start = 0; start < ids.length; start += 25) {
    await Promise.all(ids.slice(start, start + 25).map((id) => gateway.query(personaQuery, { id })));
  }
  gateway.sandbox.faults.clear();
  const { data } = await gateway.query(personaQuery, { id: exampleId });
  expect(data?.persona?.id).toBe(exampleId);
});

/** Bluejay's client in front of a sandbox, on a clock of its own. */
async function startBluejay(options: { timeoutMs?: number; random?: () => number } = {}) {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  const clock = { ms: 0 };
  const states: string[] = [];
  const bluejay = await createBluejay({
    ...options,
    baseUrl: sandbox.url,
    userAgent: 'test',
    now: () => clock.ms,
    events: { onBreakerStateChange: (state) => states.push(state) },
  });
  onTestFinished(() => bluejay.close());
  return { sandbox, bluejay, clock, states };
}

test('half open, three probes go out; their success closes it', async () => {
  const { sandbox, bluejay, clock, states } = await startBluejay();
  const caller = { apiKey: clinic.apiKey };
  const read = (ids: string[]) =>
    Promise.allSettled(ids.map((id) => bluejay.customerPersonas.get(id, caller)));
  sandbox.faults.add({ fault: { kind: 'answer', status: 500 } });
  await read(someIds(20));
  expect(states).toEqual(['open']);

  clock.ms += 5_000;
  sandbox.faults.clear();
  sandbox.requests.length = 0;
  const results = await read(someIds(10));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  expect(sandbox.requests).toHaveLength(3);
  expect(states).toEqual(['open', 'half_open', 'closed']);
  expect(bluejay.load()).toMatchObject({ inFlight: 0, queued: 0 });
});

test('attempts that are given up late count as failures, and early ones say nothing', async () => {
  const { sandbox, bluejay, clock, states } = await startBluejay({ timeoutMs: 20_000 });
  sandbox.faults.add({ fault: { kind: 'hang' } });
  async function giveUpAfter(elapsedMs: number, series: number) {
    sandbox.requests.length = 0;
    const deadline = new AbortController();
    const caller = { apiKey: clinic.apiKey, signal: deadline.signal };
    const reads = someIds(30, series).map((id) => bluejay.customerPersonas.get(id, caller));
    const settled = Promise.allSettled(reads);
    await expect.poll(() => sandbox.requests.length).toBe(30);
    clock.ms += elapsedMs;
    deadline.abort(new DeadlineExceeded());
    await settled;
    await expect.poll(() => bluejay.load().inFlight).toBe(0);
  }
  await giveUpAfter(9_999, 1);
  expect(states).toEqual([]);
  await giveUpAfter(10_000, 2);
  expect(states).toEqual(['open']);
});

test('reads that an open breaker has refused earn no retries', async () => {
  const { sandbox, bluejay, clock } = await startBluejay({ random: () => 0 });
  const read = (id: string) =>
    bluejay.customerPersonas.get(id, { apiKey: clinic.apiKey }).catch(() => undefined);
  sandbox.faults.add({ fault: { kind: 'answer', status: 500 } });
  await Promise.all(someIds(20).map(read));
  await Promise.all(someIds(2_000, 1).map(read));
  expect(sandbox.requests).toHaveLength(20);

  sandbox.faults.clear();
  clock.ms += 5_000;
  await Promise.all(someIds(3, 2).map(read));
  sandbox.requests.length = 0;
  sandbox.faults.add({ fault: { kind: 'answer', status: 429 } });
  for (const id of someIds(100, 3)) await read(id);
  // 123 reads have gone out: a fifth of them, and 10.
  expect(sandbox.requests.length).toBeGreaterThan(100);
  expect(sandbox.requests.length).toBeLessThanOrEqual(100 + 10 + 24);
});
