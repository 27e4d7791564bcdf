import type { IncomingHttpHeaders } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { personaQuery, personasQuery } from '../../examples/frontend/operations.ts';
import { BluejayError } from '../../src/datasources/bluejay/errors.ts';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import type { CacheConfig } from '../../src/datasources/bluejay/index.ts';
import { clinic, exampleId, someIds, startGateway, unknownId } from '../support/gateway.ts';
import { startHttpUpstream } from '../support/upstreams.ts';

interface UpstreamAnswer {
  status?: number;
  headers?: Record<string, string | string[]>;
}

/** Bluejay's client, a clock to turn, and an upstream that counts its calls in the names it answers with. */
async function startCached(cache: Partial<CacheConfig>, answer: UpstreamAnswer = {}) {
  const clock = { ms: Date.UTC(2026, 0, 1), monotonicMs: 0 };
  const received: IncomingHttpHeaders[] = [];
  const upstream = { status: 200, headers: {}, ...answer };
  const baseUrl = await startHttpUpstream((request, response) => {
    received.push(request.headers);
    const { status, headers } = upstream;
    const id = request.url?.split('/').pop();
    const name = `call ${received.length}`;
    const content = status === 404 ? { detail: 'Customer persona not found' } : { id, name };
    const body = status === 304 ? undefined : JSON.stringify(content);
    response.writeHead(status, headers).end(body);
  });
  const results: string[] = [];
  const bluejay = await createBluejay({
    baseUrl,
    userAgent: 'test',
    cache,
    wallClock: () => clock.ms,
    now: () => clock.monotonicMs,
    random: () => 0,
    events: { onCache: (result) => results.push(result) },
  });
  onTestFinished(() => bluejay.close());
  const read = async (id = exampleId, apiKey = clinic.apiKey) =>
    (await bluejay.customerPersonas.get(id, { apiKey })).value?.name ?? null;
  return { read, clock, received, upstream, results };
}

test('nothing is kept where neither Bluejay nor the operator says so', async () => {
  const { read, results } = await startCached({});
  expect([await read(), await read()]).toEqual(['call 1', 'call 2']);
  expect(results).toEqual(['miss', 'miss']);
});

test('PERSONA_CACHE_TTL_MS keeps a persona that long', async () => {
  const { read, clock, results } = await startCached({ ttlMs: 10_000 });
  await read();
  clock.ms += 9_999;
  expect(await read()).toBe('call 1');
  clock.ms += 1;
  expect(await read()).toBe('call 2');
  expect(results).toEqual(['miss', 'hit', 'miss']);
});

test.each([
  ['max-age=10', {}, 10_000],
  ['private, max-age=10', {}, 10_000],
  ['max-age=10', { ttlMs: 60_000 }, 10_000],
  ['max-age=60', { ttlMs: 10_000 }, 10_000],
  ['public', { ttlMs: 10_000 }, 10_000],
  ['max-age=10, s-maxage=999', {}, 10_000],
  ['max-age=999999999999999999999', {}, 31_536_000_000],
])('with cache-control: %s and %j a persona is fresh for %i ms', async (cacheControl, cache, freshMs) => {
  const { read, clock } = await startCached(cache, { headers: { 'cache-control': cacheControl } });
  await read();
  clock.ms += freshMs - 1;
  expect(await read()).toBe('call 1');
  clock.ms += 1;
  expect(await read()).toBe('call 2');
});

test.each([
  ['no-store', {}],
  ['no-store, max-age=60', {}],
  ['no-cache', {}],
  ['max-age=0', {}],
  ['max-age=60', { vary: '*' }],
  ['max-age=60', { vary: 'accept, *' }],
  ['', { expires: '0' }],
])('cache-control: %s %j wins over PERSONA_CACHE_TTL_MS', async (cacheControl, more) => {
  const headers = { ...(cacheControl !== '' && { 'cache-control': cacheControl }), ...more };
  const { read } = await startCached({ ttlMs: 60_000 }, { headers });
  expect([await read(), await read()]).toEqual(['call 1', 'call 2']);
});

test('the age that an answer had on arrival counts', async () => {
  const { read, clock } = await startCached({}, { headers: { 'cache-control': 'max-age=60', age: '50' } });
  await read();
  clock.ms += 9_999;
  expect(await read()).toBe('call 1');
  clock.ms += 1;
  expect(await read()).toBe('call 2');
});

test('an age below zero makes nothing fresher', async () => {
  const { read, clock } = await startCached({}, { headers: { 'cache-control': 'max-age=60', age: '-1000' } });
  await read();
  clock.ms += 60_000;
  expect(await read()).toBe('call 2');
});

test('headers that come in several lines count together', async () => {
  const lines = ['private', 'max-age=60'];
  const { read, upstream } = await startCached({}, { headers: { 'cache-control': lines, vary: ['a', 'b'] } });
  expect([await read(), await read()]).toEqual(['call 1', 'call 1']);
  upstream.headers = { 'cache-control': [...lines, 'no-store'] };
  const [other = ''] = someIds(1);
  expect([await read(other), await read(other)]).toEqual(['call 2', 'call 3']);
});

test('a persona that is absent is kept only for its own time', async () => {
  const withTtl = await startCached(
    { ttlMs: 60_000 },
    { status: 404, headers: { 'cache-control': 'max-age=60' } },
  );
  expect([await withTtl.read(), await withTtl.read()]).toEqual([null, null]);
  expect(withTtl.received).toHaveLength(2);
  const withOwn = await startCached({ notFoundTtlMs: 1_000 }, { status: 404 });
  await withOwn.read();
  withOwn.clock.ms += 999;
  await withOwn.read();
  expect(withOwn.received).toHaveLength(1);
  withOwn.clock.ms += 1;
  await withOwn.read();
  expect(withOwn.received).toHaveLength(2);
});

test.each([500, 503, 401, 403, 422, 429])('a %i is never kept', async (status) => {
  const { read, upstream, received } = await startCached(
    { ttlMs: 60_000 },
    { status, headers: { 'cache-control': 'max-age=60', 'retry-after': '999' } },
  );
  await expect(read()).rejects.toBeInstanceOf(BluejayError);
  const calls = received.length;
  upstream.status = 200;
  await expect(read()).resolves.toBe(`call ${calls + 1}`);
});

test('a 304 confirms what is kept, and renews it', async () => {
  const { read, clock, received, upstream } = await startCached(
    {},
    { headers: { 'cache-control': 'max-age=10', etag: '"v1"' } },
  );
  await read();
  clock.ms += 10_000;
  upstream.status = 304;
  upstream.headers = { etag: '"v1"' };
  expect(await read()).toBe('call 1');
  expect(received.map((headers) => headers['if-none-match'])).toEqual([undefined, '"v1"']);
  clock.ms += 9_999;
  expect(await read()).toBe('call 1');
  expect(received).toHaveLength(2);
});

test('the age of an answer says nothing about the 304 that confirms it', async () => {
  const { read, received, upstream } = await startCached(
    {},
    { headers: { 'cache-control': 'max-age=60', etag: '"v1"', age: '60' } },
  );
  await read();
  upstream.status = 304;
  upstream.headers = { etag: '"v1"' };
  expect([await read(), await read(), await read()]).toEqual(['call 1', 'call 1', 'call 1']);
  expect(received).toHaveLength(2);
});

test.each([401, 403])('a key that Bluejay answers with %i gets nothing that is kept', async (status) => {
  const { read, clock, received, upstream } = await startCached(
    {},
    { headers: { 'cache-control': 'max-age=10, stale-while-revalidate=60, stale-if-error=600' } },
  );
  await read();
  upstream.status = status;
  clock.ms += 10_000;
  // The last answer that is known is still given while the new one is fetched …
  expect(await read()).toBe('call 1');
  await expect.poll(() => received.length).toBe(2);
  // … and that one forbids it, then and while Bluejay is out of reach.
  const kind = status === 401 ? 'unauthenticated' : 'forbidden';
  await expect.poll(() => read().catch((error: unknown) => String(error))).toContain(kind);
  upstream.status = 500;
  await Promise.allSettled(someIds(20).map((id) => read(id)));
  await expect(read()).rejects.toThrow('circuit_open');
});

test('no-cache with an ETag asks each time, and gets by with a 304', async () => {
  const { read, received, upstream } = await startCached(
    { ttlMs: 60_000 },
    { headers: { 'cache-control': 'no-cache', etag: '"v1"' } },
  );
  await read();
  upstream.status = 304;
  expect([await read(), await read()]).toEqual(['call 1', 'call 1']);
  expect(received).toHaveLength(3);
});

test('without an ETag, Last-Modified asks', async () => {
  const lastModified = 'Wed, 31 Dec 2025 00:00:00 GMT';
  const { read, received } = await startCached(
    {},
    { headers: { 'cache-control': 'no-cache', 'last-modified': lastModified } },
  );
  await read();
  await read();
  expect(received[1]?.['if-modified-since']).toBe(lastModified);
});

test('stale-while-revalidate answers at once and fetches behind', async () => {
  const { read, clock, received, results } = await startCached(
    {},
    { headers: { 'cache-control': 'max-age=10, stale-while-revalidate=20' } },
  );
  await read();
  clock.ms += 29_999;
  expect(await read()).toBe('call 1');
  await expect.poll(() => received.length).toBe(2);
  await expect.poll(() => read()).toBe('call 2');
  expect(results.slice(0, 2)).toEqual(['miss', 'stale']);
  clock.ms += 30_000;
  expect(await read()).toBe(`call ${received.length}`);
});

test('while the breaker is open, what is kept may be used for PERSONA_CACHE_STALE_MS', async () => {
  const { read, clock, received, upstream } = await startCached(
    {},
    { headers: { 'cache-control': 'max-age=10, stale-while-revalidate=0, stale-if-error=60' } },
  );
  expect(await read()).toBe('call 1');
  clock.ms += 10_000;
  upstream.status = 500;
  // A single failure is an error; only when Bluejay is known to be out of reach is the old answer good enough.
  await expect(read()).rejects.toThrow('unexpected_status');
  await Promise.allSettled(someIds(20).map((id) => read(id)));
  const calls = received.length;
  expect(await read()).toBe('call 1');
  expect(received).toHaveLength(calls);
  clock.ms += 60_000;
  await expect(read()).rejects.toThrow('circuit_open');
});

test('must-revalidate forbids stale answers', async () => {
  const { read, clock } = await startCached(
    { staleMs: 60_000 },
    { headers: { 'cache-control': 'max-age=10, must-revalidate' } },
  );
  await read();
  clock.ms += 10_000;
  expect(await read()).toBe('call 2');
});

test('the memory is bounded by entries and by bytes', async () => {
  const byEntries = await startCached({ ttlMs: 60_000, maxEntries: 2 });
  const [first, second, third] = someIds(3) as [string, string, string];
  for (const id of [first, second, third, third, first]) await byEntries.read(id);
  expect(byEntries.results).toEqual(['miss', 'miss', 'miss', 'hit', 'miss']);
  const byBytes = await startCached({ ttlMs: 60_000, maxBytes: 1_200 });
  for (const id of [first, second, second, first]) await byBytes.read(id);
  expect(byBytes.results).toEqual(['miss', 'miss', 'hit', 'miss']);
});

test('what one tenant has read is no hit for another', async () => {
  const { read } = await startCached({ ttlMs: 60_000 });
  expect([await read(exampleId, 'tenant-one'), await read(exampleId, 'tenant-two')]).toEqual([
    'call 1',
    'call 2',
  ]);
});

test('a gateway with a TTL answers the second query without a call', async () => {
  const gateway = await startGateway({ cache: { ttlMs: 60_000, notFoundTtlMs: 60_000 } });
  const first = await gateway.query(personaQuery, { id: exampleId });
  expect(await gateway.query(personaQuery, { id: exampleId })).toEqual(first);
  await gateway.query(personasQuery, { ids: [exampleId, unknownId] });
  await gateway.query(personasQuery, { ids: [exampleId, unknownId] });
  expect(gateway.sandbox.requests).toHaveLength(2);
});
