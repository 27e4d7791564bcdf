import { graphql } from 'graphql';
import { expect, test } from 'vitest';
import { personaQuery, personasQuery } from '../../examples/frontend/operations.ts';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import { createDataSourcesFactory } from '../../src/datasources/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import type { Organisation } from '../../src/sandbox/index.ts';
import { airline, clinic, exampleId, someIds, startGateway, unknownId } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startHttpUpstream } from '../support/upstreams.ts';

const forward = { mode: 'forward' } as const;

test('1,000 simultaneous queries for one id cost one call', async () => {
  const held: (() => void)[] = [];
  const baseUrl = await startHttpUpstream((_request, response) => {
    held.push(() => response.end(JSON.stringify({ id: exampleId })));
  });
  let coalesced = 0;
  const bluejay = await createBluejay({
    baseUrl,
    userAgent: 'test',
    events: { onCoalesced: () => (coalesced += 1) },
  });
  const createDataSources = createDataSourcesFactory({ customerPersonas: bluejay.customerPersonas });
  const schema = createSchema();
  const source = `{ persona(id: "${exampleId}") { id } }`;
  const results = Array.from({ length: 1_000 }, () =>
    graphql({ schema, source, contextValue: { dataSources: createDataSources({ apiKey: clinic.apiKey }) } }),
  );
  await expect.poll(() => [coalesced, held.length]).toEqual([999, 1]);
  held[0]?.();
  const expected = JSON.stringify({ data: { persona: { id: exampleId } } });
  expect(new Set((await Promise.all(results)).map((result) => JSON.stringify(result)))).toEqual(
    new Set([expected]),
  );
  expect(held).toHaveLength(1);
  await bluejay.close();
});

test('a failed call that was shared is not shared with those who come later', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 500 }, times: 1 });
  expect((await gateway.query(personaQuery, { id: exampleId })).errors).toHaveLength(1);
  expect((await gateway.query(personaQuery, { id: exampleId })).errors).toBeUndefined();
});

test('reads of different tenants are never one call', async () => {
  const gateway = await startGateway({ auth: forward });
  gateway.sandbox.faults.add({ fault: { kind: 'delay', delayMs: 100 } });
  const ask = (apiKey: string) => gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': apiKey });
  const [mine, theirs] = await Promise.all([ask(clinic.apiKey), ask(airline.apiKey)]);
  expect(mine.data?.persona?.id).toBe(exampleId);
  expect(theirs).toEqual({ data: { persona: null } });
  expect(gateway.sandbox.requests).toHaveLength(2);
});

/** Lets Bluejay accept the keys: until then they have one share together. */
async function introduce(gateway: TestGateway, ...apiKeys: string[]) {
  for (const apiKey of apiKeys) {
    const { errors } = await gateway.query(personaQuery, { id: unknownId }, { 'x-api-key': apiKey });
    expect(errors).toBeUndefined();
  }
  gateway.sandbox.requests.length = 0;
}

/** Half of the places, in flight and in the queue, are the most for one key. */
const upstreamLimits = { maxInFlight: 8, maxQueue: 64 };
const readsOfOne = 8;
/**
 * The requests of a key that are answered. They are refused as a whole once more than half of the key's queue is taken:
 * 3 have 4 reads in flight and 20 waiting.
 */
const admitted = 3;

/** Sends 30 requests of eight slow reads; returns what ends them. */
async function flood(gateway: TestGateway, apiKeyOf: (request: number) => string) {
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  let refused = 0;
  const clients = Array.from({ length: 30 }, async (_, request) => {
    const { errors } = await gateway.query(
      personasQuery,
      { ids: someIds(readsOfOne, request) },
      { 'x-api-key': apiKeyOf(request) },
    );
    const codes = errors?.map(({ extensions }) => extensions.code) ?? [];
    if (codes.includes('OVERLOADED')) refused += 1;
    return codes;
  });
  await expect
    .poll(() => [gateway.sandbox.requests.length, refused])
    .toEqual([upstreamLimits.maxInFlight / 2, 30 - admitted]);
  gateway.sandbox.faults.clear();
  return async () => {
    // Ends what hangs.
    await gateway.sandbox.close();
    return (await Promise.all(clients)).flat();
  };
}

async function expectServed(gateway: TestGateway, { apiKey, personas: [persona] }: Organisation) {
  const id = persona?.id ?? '';
  for (let read = 0; read < 20; read += 1) {
    const { data } = await gateway.query(personaQuery, { id }, { 'x-api-key': apiKey });
    expect(data?.persona?.id).toBe(id);
  }
}

test('a tenant that floods the gateway with slow reads is OVERLOADED, and another one is served', async () => {
  const gateway = await startGateway({
    auth: forward,
    timeoutMs: 60_000,
    requestTimeoutMs: 60_000,
    upstreamLimits,
  });
  await introduce(gateway, clinic.apiKey, airline.apiKey);
  const end = await flood(gateway, () => clinic.apiKey);
  await expectServed(gateway, airline);
  const codes = await end();
  expect(codes.filter((code) => code === 'OVERLOADED')).toHaveLength(30 - admitted);
});

test('invented keys have one share together, however many they are', async () => {
  const gateway = await startGateway({
    auth: forward,
    timeoutMs: 60_000,
    requestTimeoutMs: 60_000,
    upstreamLimits,
  });
  await introduce(gateway, airline.apiKey);
  const end = await flood(gateway, (request) => `invented-key-${request}`);
  await expectServed(gateway, airline);
  const codes = await end();
  expect(codes.filter((code) => code === 'OVERLOADED')).toHaveLength(30 - admitted);
});

test('what one tenant alone sees fail closes the circuit to nobody else', async () => {
  const { sandbox } = await startGateway();
  let now = 0;
  const bluejay = await createBluejay({
    baseUrl: sandbox.url,
    userAgent: 'test',
    auth: 'forward',
    now: () => now,
  });
  const read = async (id: string, { apiKey }: Organisation) => {
    const [result] = await Promise.allSettled([bluejay.customerPersonas.get(id, { apiKey })]);
    return result.status === 'fulfilled' ? result.value.value?.id : String(result.reason);
  };
  const [healthy = ''] = airline.personas.map(({ id }) => id);
  await read(healthy, airline);
  await read(exampleId, clinic);
  sandbox.faults.add({ personaId: exampleId, fault: { kind: 'answer', status: 500 } });
  for (let call = 0; call < 50; call += 1) await read(exampleId, clinic);
  expect(await read(exampleId, clinic)).toBe('UpstreamError: unavailable: circuit_open');
  expect(await read(healthy, airline)).toBe(healthy);

  // However often its own circuit closes again, and whatever keys that nobody knows see besides.
  const sound = clinic.personas.find(({ id }) => id !== exampleId)?.id ?? '';
  now += 5_000;
  for (let call = 0; call < 3; call += 1) await read(sound, clinic);
  const unknown = { ...clinic, apiKey: 'an-unknown-key' };
  sandbox.faults.add({ personaId: unknownId, fault: { kind: 'answer', status: 500 } });
  for (let call = 0; call < 50; call += 1) {
    await read(exampleId, clinic);
    await read(unknownId, unknown);
  }
  expect(await read(exampleId, clinic)).toBe('UpstreamError: unavailable: circuit_open');
  expect(await read(healthy, airline)).toBe(healthy);

  // Two tenants that see nothing but failures: it is Bluejay, and a third one need not try.
  const third = { ...airline, apiKey: 'a-third-key' };
  sandbox.faults.add({ fault: { kind: 'answer', status: 500 } });
  for (let call = 0; call < 25; call += 1) await read(healthy, airline);
  expect(await read(healthy, third)).toBe('UpstreamError: unavailable: circuit_open');
  await bluejay.close();
});

test('retries of one tenant cost another one none of its own', async () => {
  const gateway = await startGateway({ auth: forward });
  await introduce(gateway, clinic.apiKey, airline.apiKey);
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'answer', status: 429 } });
  for (let call = 0; call < 30; call += 1) {
    await gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': clinic.apiKey });
  }
  for (const { id } of airline.personas) {
    gateway.sandbox.faults.add({ personaId: id, fault: { kind: 'answer', status: 503 }, times: 1 });
    const { data } = await gateway.query(personaQuery, { id }, { 'x-api-key': airline.apiKey });
    expect(data?.persona?.id).toBe(id);
  }
});

test('1,000 interleaved requests of two tenants for the same ids: no answer of one reaches the other', async () => {
  // Answers with the key that it saw, and would like everyone to keep that.
  const baseUrl = await startHttpUpstream((request, response) => {
    const id = request.url?.split('/').pop();
    const body = JSON.stringify({ id, name: request.headers['x-api-key'] });
    setTimeout(() => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=60' })
        .end(body);
    }, Math.random() * 5);
  });
  const gateway = await startGateway({ baseUrl, auth: forward, requestTimeoutMs: 30_000 });
  const ids = someIds(5);
  const keys = ['tenant-one-key', 'tenant-two-key'];
  const queries = [
    (id: string) => `{ a: persona(id: "${id}") { name } }`,
    (id: string) => `{ a: personas(ids: ["${id}", "${ids[0]}"]) { name } }`,
    (id: string) =>
      `{ a: _entities(representations: [{ __typename: "CustomerPersona", id: "${id}" }]) {
          ... on CustomerPersona { name } } }`,
  ];
  let checked = 0;
  await Promise.all(
    Array.from({ length: 1_000 }, async (_, index) => {
      const key = keys[index % 2] ?? '';
      const query = queries[index % 3]?.(ids[index % 5] ?? '');
      const response = await gateway.post({ query }, { 'x-api-key': key });
      const names = [...(await response.text()).matchAll(/"name":"([^"]*)"/g)].map(([, name]) => name);
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) expect(name).toBe(key);
      checked += 1;
    }),
  );
  expect(checked).toBe(1_000);
});
