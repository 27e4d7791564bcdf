import { expect, test } from 'vitest';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
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

test('half open, three probes go out; their success closes it', async () => {
  const { sandbox } = await startGateway();
  const clock = { ms: 0 };
  const states: string[] = [];
  const bluejay = await createBluejay({
    baseUrl: sandbox.url,
    userAgent: 'test',
    now: () => clock.ms,
    events: { onBreakerStateChange: (state) => states.push(state) },
  });
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
  expect(bluejay.load()).toEqual({ inFlight: 0, queued: 0 });
  await bluejay.close();
});
