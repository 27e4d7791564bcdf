import { expect, onTestFinished, test } from 'vitest';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import { createDataSourcesFactory } from '../../src/datasources/index.ts';
import { airline, clinic, exampleId } from '../support/gateway.ts';
import { startHeldBluejay } from '../support/held-bluejay.ts';
import { create, newPersona, readName, remove, run, startWriter, update } from '../support/writes.ts';

const readList = async (gateway: Parameters<typeof run>[0]) => {
  const { data } = await run(gateway, '{ personasByAgent(agentId: 7) { name } }');
  return data.personasByAgent[0]?.name as string;
};

test('what is written is seen at once, also by callers with another key', async () => {
  const bluejay = await startHeldBluejay();
  const gateway = await startWriter({ baseUrl: bluejay.url });
  for (const apiKey of [clinic.apiKey, airline.apiKey]) {
    expect(await readName(gateway, exampleId, apiKey)).toBe('Before');
  }
  await update(gateway, { name: 'After' });
  for (const apiKey of [clinic.apiKey, airline.apiKey, clinic.apiKey, airline.apiKey]) {
    expect(await readName(gateway, exampleId, apiKey)).toBe('After');
  }
  await remove(gateway);
  for (const apiKey of [clinic.apiKey, airline.apiKey]) {
    expect(await readName(gateway, exampleId, apiKey)).toBeNull();
  }
  // Each key has read each state once: the rest came from memory.
  expect(bluejay.calls).toEqual(['GET', 'GET', 'PUT', 'GET', 'GET', 'DELETE', 'GET', 'GET']);
});

test('a persona that was kept as absent is there once it is created', async () => {
  const bluejay = await startHeldBluejay();
  bluejay.become(undefined);
  const gateway = await startWriter({ baseUrl: bluejay.url });
  expect(await readName(gateway)).toBeNull();
  expect(await readName(gateway, exampleId, airline.apiKey)).toBeNull();
  await create(gateway, newPersona);
  expect(await readName(gateway)).toBe('Ann');
  expect(await readName(gateway, exampleId, airline.apiKey)).toBe('Ann');
});

test.each([
  ['kept', { ttlMs: 60_000 }, readName, true],
  ['kept, by a key that is new', { ttlMs: 60_000 }, readName, false],
  ['not kept', { ttlMs: 0, notFoundTtlMs: 0 }, readName, true],
  ['listed', { ttlMs: 0 }, readList, true],
])(
  'a read that a write overtakes is for its own caller alone: %s',
  async (_what, cache, read, isKeyKnown) => {
    const bluejay = await startHeldBluejay();
    const gateway = await startWriter({ baseUrl: bluejay.url, cache });
    // A list is not kept, and what reads one is known to have a good key.
    if (isKeyKnown) await readList(gateway);
    bluejay.calls.length = 0;
    bluejay.hold('GET');
    const early = read(gateway);
    await expect.poll(() => bluejay.calls).toEqual(['GET']);
    bluejay.holdNoMore();
    await update(gateway, { name: 'After' });
    // The first read is still under way: nobody joins it.
    expect(await read(gateway)).toBe('After');
    bluejay.release();
    expect(await early).toBe('Before');
    // Nor has it left anything behind, or put itself in the place of what is newer.
    expect(await read(gateway)).toBe('After');
    const reads = bluejay.calls.filter((method) => method === 'GET').length;
    expect(reads).toBe(cache.ttlMs === 60_000 ? 2 : 3);
  },
);

test('so is a read that begins while the write is on its way', async () => {
  const bluejay = await startHeldBluejay();
  const gateway = await startWriter({ baseUrl: bluejay.url });
  bluejay.hold('PUT');
  const writing = update(gateway, { name: 'After' });
  await expect.poll(() => bluejay.calls).toEqual(['PUT']);
  // Bluejay answers it from a copy that has not heard of the write.
  bluejay.become('Before');
  expect(await readName(gateway)).toBe('Before');
  bluejay.become('After');
  bluejay.release();
  await writing;
  expect(await readName(gateway)).toBe('After');
});

test('an unknown outcome is followed by no answer from before, and what is read meanwhile is not kept', async () => {
  const gateway = await startWriter();
  const before = await readName(gateway);
  gateway.sandbox.faults.add({ method: 'PUT', fault: { kind: 'reset' }, isApplied: true, times: 1 });
  expect((await update(gateway, { name: 'After' })).errors).toMatchObject([
    { extensions: { outcome: 'unknown' } },
  ]);
  expect(await readName(gateway)).toBe('After');

  // A write that Bluejay carries out late: until then there is what was there, and then there is not.
  gateway.sandbox.faults.add({ method: 'PUT', fault: { kind: 'reset' }, times: 1 });
  await update(gateway, { name: 'Later' });
  expect(await readName(gateway)).toBe('After');
  await fetch(`${gateway.sandbox.url}/v1/update-customer-persona/${exampleId}`, {
    method: 'PUT',
    headers: { 'x-api-key': clinic.apiKey },
    body: '{"name":"Later"}',
  });
  expect(await readName(gateway)).toBe('Later');
  expect(before).not.toBe('Later');
});

test('no stale answer is from before a write: neither while a new one is fetched nor in place of an error', async () => {
  const bluejay = await startHeldBluejay();
  const gateway = await startWriter({ baseUrl: bluejay.url, cache: { ttlMs: 1, staleMs: 60_000 } });
  expect(await readName(gateway)).toBe('Before');
  bluejay.fail(503);
  expect(await readName(gateway)).toBe('Before');
  bluejay.fail(undefined);
  await update(gateway, { name: 'After' });
  bluejay.fail(503);
  const { errors } = await run(gateway, `{ persona(id: "${exampleId}") { name } }`);
  expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
  bluejay.fail(undefined);
  expect(await readName(gateway)).toBe('After');
});

test('a refresh behind a stale answer that a write overtakes keeps nothing', async () => {
  const bluejay = await startHeldBluejay();
  const gateway = await startWriter({ baseUrl: bluejay.url, cache: { ttlMs: 1, staleMs: 60_000 } });
  expect(await readName(gateway)).toBe('Before');
  bluejay.hold('GET');
  expect(await readName(gateway)).toBe('Before');
  await expect.poll(() => bluejay.calls).toEqual(['GET', 'GET']);
  bluejay.holdNoMore();
  await update(gateway, { name: 'After' });
  expect(await readName(gateway)).toBe('After');
  bluejay.release();
  expect(await readName(gateway)).toBe('After');
});

test('keys that Bluejay does not accept evict nothing', async () => {
  const gateway = await startWriter();
  await readName(gateway);
  await update(gateway, { name: 'Eve' }, 'an-invented-key');
  gateway.sandbox.requests.length = 0;
  expect(await readName(gateway)).toBe(clinic.personas[0]?.name);
  expect(gateway.sandbox.requests).toEqual([]);
});

test('a 404 on a write is no reason to go on with what is kept', async () => {
  const gateway = await startWriter();
  await readName(gateway);
  await fetch(`${gateway.sandbox.url}/v1/customer-persona/${exampleId}`, {
    method: 'DELETE',
    headers: { 'x-api-key': clinic.apiKey },
  });
  expect((await remove(gateway)).errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  expect(await readName(gateway)).toBeNull();
});

test('a request reads anew what it has written', async () => {
  const bluejay = await startHeldBluejay();
  const client = await createBluejay({ baseUrl: bluejay.url, userAgent: 'test' });
  onTestFinished(() => client.close());
  const createDataSources = createDataSourcesFactory({ customerPersonas: client.customerPersonas });
  const { customerPersonas } = createDataSources({ apiKey: clinic.apiKey });
  const see = async () => [
    (await customerPersonas.load(exampleId))?.name,
    (await customerPersonas.listByAgent(7))[0]?.name,
  ];
  expect(await see()).toEqual(['Before', 'Before']);
  await customerPersonas.update(exampleId, { name: 'After' });
  expect(await see()).toEqual(['After', 'After']);
  bluejay.fail(500);
  await expect(customerPersonas.update(exampleId, { name: 'Last' })).rejects.toThrow('unexpected_status');
  bluejay.fail(undefined);
  expect(await see()).toEqual(['Last', 'Last']);
});
