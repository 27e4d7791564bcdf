import { expect, test } from 'vitest';
import { personasQuery } from '../examples/frontend/operations.ts';
import { createBluejay } from '../src/datasources/bluejay/index.ts';
import { clinic, exampleId, someIds, startGateway } from './support/gateway.ts';
import { startLeavingClient } from './support/leaving-client.ts';

const queryOf = (series: number) => `{ personas(ids: ${JSON.stringify(someIds(32, series))}) { id } }`;

test('a caller that leaves takes its upstream requests along', async () => {
  const gateway = await startGateway({ timeoutMs: 60_000, requestTimeoutMs: 60_000 });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const ids = clinic.personas.map(({ id }) => id);
  const caller = startLeavingClient(gateway.url, {
    query: `{ personas(ids: ${JSON.stringify(ids)}) { id } }`,
  });
  await expect.poll(() => gateway.sandbox.requests.length).toBe(ids.length);

  await caller.leave();
  await expect
    .poll(() => gateway.sandbox.requests.map(({ aborted }) => aborted))
    .toEqual(ids.map(() => true));
  expect(await gateway.sandbox.connections()).toBe(0);
  await expect.poll(() => gateway.logs).toMatchObject([{ msg: 'request', aborted: true }]);
});

test('a caller that leaves does not disturb another one', async () => {
  const gateway = await startGateway({ timeoutMs: 60_000, requestTimeoutMs: 60_000 });
  const [, other] = clinic.personas.map(({ id }) => id) as [string, string];
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'hang' } });
  const caller = startLeavingClient(gateway.url, { query: `{ persona(id: "${exampleId}") { id } }` });
  await expect.poll(() => gateway.sandbox.requests.length).toBe(1);
  const staying = gateway.query(personasQuery, { ids: [other] });
  await caller.leave();
  expect((await staying).data?.personas).toMatchObject([{ id: other }]);
});

test('reads that still wait for a socket are never sent once their caller has left', async () => {
  const gateway = await startGateway({ timeoutMs: 60_000, requestTimeoutMs: 60_000 });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  // 32 reads at a time: two callers occupy all 64 places, the third one waits.
  const first = startLeavingClient(gateway.url, { query: queryOf(1) });
  const second = startLeavingClient(gateway.url, { query: queryOf(2) });
  await expect.poll(() => gateway.sandbox.requests.length).toBe(64);
  const third = startLeavingClient(gateway.url, { query: queryOf(3) });
  await gateway.post({ query: '{ __typename }' });

  await third.leave();
  await expect.poll(() => gateway.logs.filter(({ aborted }) => aborted === true)).toHaveLength(1);
  await first.leave();
  await second.leave();
  await expect.poll(() => gateway.sandbox.connections()).toBe(0);
  expect(gateway.sandbox.requests).toHaveLength(64);
});

test('a read that two callers share goes on until the second one has left', async () => {
  let coalesced = 0;
  const events = { onCoalesced: () => (coalesced += 1) };
  const gateway = await startGateway({ timeoutMs: 60_000, requestTimeoutMs: 60_000, events });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const query = `{ persona(id: "${exampleId}") { id } }`;
  const [first, second] = [
    startLeavingClient(gateway.url, { query }),
    startLeavingClient(gateway.url, { query }),
  ];
  await expect.poll(() => [gateway.sandbox.requests.length, coalesced]).toEqual([1, 1]);
  await first.leave();
  await expect.poll(() => gateway.logs.filter(({ aborted }) => aborted === true)).toHaveLength(1);
  expect(gateway.sandbox.requests).toMatchObject([{ aborted: false }]);
  await second.leave();
  await expect.poll(() => gateway.sandbox.requests).toMatchObject([{ aborted: true }]);
});

test('once the callers have left, nothing is in flight and nothing waits', async () => {
  const { sandbox } = await startGateway();
  sandbox.faults.add({ fault: { kind: 'hang' } });
  const bluejay = await createBluejay({ baseUrl: sandbox.url, userAgent: 'test', maxInFlight: 4 });
  const leaving = new AbortController();
  const reads = someIds(10).map((id) =>
    bluejay.customerPersonas.get(id, { apiKey: clinic.apiKey, signal: leaving.signal }),
  );
  await expect.poll(() => sandbox.requests.length).toBe(4);
  expect(bluejay.load()).toMatchObject({ inFlight: 4, queued: 6 });
  leaving.abort(new Error('left'));
  for (const read of reads) await expect(read).rejects.toMatchObject({ message: 'left' });
  expect(bluejay.load()).toMatchObject({ inFlight: 0, queued: 0 });
  await expect.poll(() => sandbox.connections()).toBe(0);
  await bluejay.close();
});
