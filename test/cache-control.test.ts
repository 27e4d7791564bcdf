import { expect, test } from 'vitest';
import { clinic, exampleId, startGateway, unknownId } from './support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from './support/gateway.ts';

const persona = (id: string) => `{ persona(id: "${id}") { name } }`;
const ids = clinic.personas.map(({ id }) => id);

async function cacheControl(gateway: TestGateway, query: string): Promise<string | null> {
  const response = await gateway.post({ query });
  await response.text();
  return response.headers.get('cache-control');
}

/** A gateway whose Bluejay says this about caching, about each persona or list. */
async function startWith(headers: Record<string, string>, options: TestGatewayOptions = {}) {
  const gateway = await startGateway(options);
  const body = JSON.stringify({ id: null, name: 'Somebody' });
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, headers, body } });
  return gateway;
}

test('nothing may be kept where Bluejay does not say so', async () => {
  expect(await cacheControl(await startGateway(), persona(exampleId))).toBe('no-store');
});

test('a time that the operator chose is no permission for others', async () => {
  const cache = { ttlMs: 60_000, notFoundTtlMs: 60_000 };
  const gateway = await startGateway({ cache });
  for (const id of [exampleId, exampleId, unknownId, unknownId]) {
    expect(await cacheControl(gateway, persona(id))).toBe('no-store');
  }
});

test.each([
  ['max-age=60', undefined, /^private, max-age=(60|59)$/],
  ['public, max-age=60, s-maxage=600', undefined, /^private, max-age=(60|59)$/],
  ['max-age=60', '20', /^private, max-age=(40|39)$/],
  ['max-age=60', '60', /^no-store$/],
  ['no-store', undefined, /^no-store$/],
  ['no-cache', undefined, /^no-store$/],
  ['max-age=0', undefined, /^no-store$/],
  ['private', undefined, /^no-store$/],
  ['Max-Age=60', undefined, /^private, max-age=(60|59)$/],
  ['max-age="60"', undefined, /^private, max-age=(60|59)$/],
  ['max-age=600, max-age=60', undefined, /^private, max-age=(60|59)$/],
  ['max-age=60', '0, 40', /^private, max-age=(20|19)$/],
  ['max-age=60, No-Store', undefined, /^no-store$/],
  ['max-age=60, NO-CACHE', undefined, /^no-store$/],
  ['max-age=60, max-age=soon', undefined, /^no-store$/],
  ['immutable', undefined, /^no-store$/],
])('a persona with %s and an age of %s', async (value, age, expected) => {
  const gateway = await startWith({ 'cache-control': value, ...(age !== undefined && { age }) });
  expect(await cacheControl(gateway, persona(exampleId))).toMatch(expected);
});

test('an answer from the cache may be kept for what is left of it', async () => {
  const gateway = await startWith({ 'cache-control': 'max-age=60', age: '30' });
  for (let read = 0; read < 2; read += 1) {
    expect(await cacheControl(gateway, persona(exampleId))).toMatch(/^private, max-age=(30|29)$/);
  }
  expect(gateway.sandbox.requests).toHaveLength(1);
});

test('the shortest of all reads decides', async () => {
  const gateway = await startWith({ 'cache-control': 'max-age=600' });
  const headers = { 'cache-control': 'max-age=60' };
  const body = JSON.stringify({ id: ids[1] });
  gateway.sandbox.faults.add({
    personaId: ids[1] ?? '',
    fault: { kind: 'answer', status: 200, headers, body },
  });
  const query = `{ personas(ids: ${JSON.stringify(ids.slice(0, 3))}) { id } }`;
  expect(await cacheControl(gateway, query)).toMatch(/^private, max-age=(60|59)$/);
  gateway.sandbox.faults.clear();
  // What was read now comes with no permission.
  expect(await cacheControl(gateway, `{ personas(ids: ${JSON.stringify(ids)}) { id } }`)).toBe('no-store');
});

test('callers that share one read share its permission', async () => {
  const gateway = await startWith({ 'cache-control': 'max-age=60' });
  const seen = await Promise.all(Array.from({ length: 10 }, () => cacheControl(gateway, persona(exampleId))));
  for (const value of seen) expect(value).toMatch(/^private, max-age=(60|59)$/);
});

test('a list has its own permission', async () => {
  const gateway = await startGateway();
  const headers = { 'cache-control': 'Max-Age=60, max-age=600' };
  gateway.sandbox.faults.add({ agentId: 7, fault: { kind: 'answer', status: 200, headers, body: '[]' } });
  expect(await cacheControl(gateway, '{ personasByAgent(agentId: 7) { id } }')).toMatch(
    /^private, max-age=(60|59)$/,
  );
  expect(await cacheControl(gateway, '{ personasByAgent(agentId: 8) { id } }')).toBe('no-store');
});

test('an answer with an error may not be kept, nor one that nothing was read for', async () => {
  const gateway = await startWith({ 'cache-control': 'max-age=60' });
  gateway.sandbox.faults.add({ personaId: ids[1] ?? '', fault: { kind: 'answer', status: 500 } });
  expect(await cacheControl(gateway, `{ personas(ids: ["${ids[0]}", "${ids[1]}"]) { id } }`)).toBe(
    'no-store',
  );
  expect(
    await cacheControl(gateway, `{ a: persona(id: "${ids[0]}") { id } b: persona(id: "x") { id } }`),
  ).toBe('no-store');
  expect(await cacheControl(gateway, '{ __typename }')).toBe('no-store');
});
