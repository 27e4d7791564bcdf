import { graphql } from 'graphql';
import { expect, test } from 'vitest';
import { personaQuery, personasQuery } from '../../examples/frontend/operations.ts';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import { createDataSourcesFactory } from '../../src/datasources/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { airline, clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';
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

test('a tenant that floods the gateway with slow reads is OVERLOADED, and another one is served', async () => {
  const gateway = await startGateway({ auth: forward, timeoutMs: 60_000, requestTimeoutMs: 2_000 });
  const slow = someIds(1_000);
  for (const personaId of slow) gateway.sandbox.faults.add({ personaId, fault: { kind: 'hang' } });
  const flood = Array.from({ length: 40 }, (_, index) =>
    gateway.query(
      personasQuery,
      { ids: slow.slice(index * 25, index * 25 + 25) },
      { 'x-api-key': clinic.apiKey },
    ),
  );
  await expect.poll(() => gateway.sandbox.requests.length).toBe(32);

  const { id } = airline.personas[0] ?? { id: '' };
  for (let read = 0; read < 100; read += 1) {
    const { data } = await gateway.query(personaQuery, { id }, { 'x-api-key': airline.apiKey });
    expect(data?.persona?.id).toBe(id);
  }
  const codes = (await Promise.all(flood)).flatMap(({ errors }) =>
    errors?.map(({ extensions }) => extensions.code),
  );
  // Half of the 64 places and half of the 1,024 in the queue are the most for one key.
  expect(codes.filter((code) => code === 'OVERLOADED')).toHaveLength(1_000 - 32 - 512);
  expect(codes.filter((code) => code === 'UPSTREAM_TIMEOUT')).toHaveLength(32 + 512);
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
