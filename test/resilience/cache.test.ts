import type { IncomingHttpHeaders } from 'node:http';
import { array, assert, asyncProperty, constantFrom, integer, oneof, tuple } from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { personaQuery, personasQuery } from '../../examples/frontend/operations.ts';
import { UpstreamError, DeadlineExceeded } from '../../src/datasources/upstream/errors.ts';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import type { CacheConfig } from '../../src/datasources/upstream/index.ts';
import { clinic, exampleId, someIds, startGateway, unknownId } from '../support/gateway.ts';
import { startHttpUpstream } from '../support/upstreams.ts';

const longAgo = 'Wed, 31 Dec 2025 00:00:00 GMT';

type AnswerHeaders = Record<string, string | string[]>;

interface UpstreamAnswer {
  status?: number;
  headers?: AnswerHeaders;
}

interface Upstream extends Required<UpstreamAnswer> {
  /** Headers of the 304 that conditional requests get. */
  notModified?: AnswerHeaders;
  /** Called before each answer. */
  delay?: () => void;
  fault?: 'silence' | 'reset' | undefined;
}

/** Bluejay's client, a clock to turn, and an upstream that counts its calls in the names it answers with. */
async function startCached(cache: Partial<CacheConfig>, answer: UpstreamAnswer = {}, timeoutMs = 5_000) {
  const clock = { ms: Date.UTC(2026, 0, 1), monotonicMs: 0 };
  const received: IncomingHttpHeaders[] = [];
  const upstream: Upstream = { status: 200, headers: {}, ...answer };
  const server = await startHttpUpstream((request, response) => {
    received.push(request.headers);
    upstream.delay?.();
    if (upstream.fault === 'reset') request.socket.resetAndDestroy();
    if (upstream.fault !== undefined) return;
    const isConditional = 'if-none-match' in request.headers || 'if-modified-since' in request.headers;
    const isNotModified = isConditional && upstream.notModified !== undefined;
    const status = isNotModified ? 304 : upstream.status;
    const id = request.url?.split('/').pop();
    const name = `call ${received.length}`;
    const content = status === 404 ? { detail: 'Customer persona not found' } : { id, name };
    const body = status === 304 ? undefined : JSON.stringify(content);
    response.writeHead(status, isNotModified ? upstream.notModified : upstream.headers).end(body);
  });
  const results: string[] = [];
  const bluejay = await createBluejay({
    baseUrl: server,
    userAgent: 'test',
    cache,
    timeoutMs,
    wallClock: () => clock.ms,
    now: () => clock.monotonicMs,
    random: () => 0,
    events: { onCache: (result) => results.push(result) },
  });
  onTestFinished(() => bluejay.close());
  const read = async (id = exampleId, apiKey = clinic.apiKey) =>
    (await bluejay.customerPersonas.get(id, { apiKey })).value?.name ?? null;
  return { bluejay, read, clock, received, upstream, results };
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
  ['Max-Age=10', {}, 10_000],
  ['max-age="10"', {}, 10_000],
  ['max-age=60, max-age=10', {}, 10_000],
  ['max-age=10, MAX-AGE=60', {}, 10_000],
  ['max-age=10; public', {}, 10_000],
  ['immutable, max-age=10', {}, 10_000],
  ['extension="no-store, max-age=5", max-age=10', {}, 10_000],
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
  ['No-Store, max-age=60', {}],
  ['max-age=60 no-store', {}],
  ['max-age=60; NO-STORE', {}],
  ['extension="unterminated, no-store', {}],
  ['No-Cache', {}],
  ['no-cache="set-cookie", max-age=60', {}],
  ['max-age=0, max-age=60', {}],
  ['max-age=60, max-age=soon', {}],
  ['max-age', {}],
  ['max-age=', {}],
  ['max-age=-1', {}],
  ['max-age=1.5', {}],
  ['max-age=60s', {}],
  ['max-age = 60', {}],
  ['max-age="60', {}],
  ['max-age=60', { age: '60' }],
  ['max-age=60', { age: '100, 100' }],
  ['max-age=60', { age: ['1', '100'] }],
  ['max-age=60', { age: 'old, 100' }],
  ['max-age=60', { date: longAgo }],
  ['max-age=60', { date: 'today' }],
  ['max-age=60', { date: [longAgo, 'Thu, 01 Jan 2026 00:00:00 GMT'] }],
  ['max-age=60', { vary: ['accept', '*'] }],
  ['max-age=60', { vary: 'Traceparent' }],
  ['', { expires: '0' }],
  ['', { expires: '9999' }],
  ['', { expires: longAgo }],
  ['', { expires: 'Thu, 31 Feb 2099 00:00:00 GMT' }],
  ['', { expires: ['Thu, 01 Jan 2099 00:00:00 GMT', longAgo] }],
  ['immutable', { expires: longAgo }],
])('cache-control: %s %j wins over PERSONA_CACHE_TTL_MS', async (cacheControl, more) => {
  const headers = { ...(cacheControl !== '' && { 'cache-control': cacheControl }), ...more };
  const { read } = await startCached({ ttlMs: 60_000 }, { headers });
  expect([await read(), await read()]).toEqual(['call 1', 'call 2']);
});

/** A directive with a value that may be unreadable, and how many seconds it allows at the most. */
const maxAge = tuple(
  constantFrom('max-age', 'Max-Age', 'MAX-AGE'),
  oneof(
    integer({ min: 0, max: 100 }).map((seconds) => ({ value: `=${seconds}`, seconds })),
    integer({ min: 0, max: 100 }).map((seconds) => ({ value: `="${seconds}"`, seconds })),
    constantFrom('', '=', '=-5', '=1.5', '=50s', '=abc', '="50').map((value) => ({ value, seconds: 0 })),
  ),
);
const directive = oneof(
  maxAge.map(([name, { value, seconds }]) => ({ text: name + value, seconds })),
  constantFrom('no-store', 'No-Store', 'no-cache', 'NO-CACHE', 'no-cache="age"').map((text) => ({
    text,
    seconds: 0,
  })),
  constantFrom(
    'public',
    'private',
    'immutable',
    's-maxage=900',
    'x',
    'x="max-age=900"',
    'must-revalidate',
  ).map((text) => ({ text, seconds: Infinity })),
);
const answerAge = oneof(
  integer({ min: 0, max: 100 }).map((seconds) => ({ text: String(seconds), seconds })),
  constantFrom('-50', 'old').map((text) => ({ text, seconds: 0 })),
);

test('whatever the mix of directives, lines and ages, nothing is fresh beyond its strictest reading', async () => {
  const { read, clock, upstream } = await startCached({});
  let tenant = 0;
  await assert(
    asyncProperty(
      array(array(directive, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      array(answerAge, { maxLength: 3 }),
      constantFrom(',', ', ', ' , ', ',,'),
      async (lines, ages, separator) => {
        upstream.headers = {
          'cache-control': lines.map((line) => line.map(({ text }) => text).join(separator)),
          ...(ages.length > 0 && { age: ages.map(({ text }) => text) }),
        };
        const allowed = Math.min(...lines.flat().map(({ seconds }) => seconds));
        const age = Math.max(0, ...ages.map(({ seconds }) => seconds));
        const freshMs = Number.isFinite(allowed) ? Math.max(0, allowed - age) * 1_000 : 0;
        tenant += 1;
        const apiKey = `tenant-${tenant}`;
        const first = await read(exampleId, apiKey);
        const isKept: boolean[] = [];
        if (freshMs > 0) {
          clock.ms += freshMs - 1;
          isKept.push((await read(exampleId, apiKey)) === first);
          clock.ms += 1;
        }
        isKept.push((await read(exampleId, apiKey)) === first);
        expect(isKept).toEqual(freshMs > 0 ? [true, false] : [false]);
      },
    ),
    { numRuns: 150 },
  );
});

test('the lifetime of an answer counts from the moment that it was asked for', async () => {
  const { read, clock, upstream } = await startCached({}, { headers: { 'cache-control': 'max-age=10' } });
  upstream.delay = () => {
    clock.ms += 4_000;
    clock.monotonicMs += 4_000;
  };
  await read();
  clock.ms += 5_999;
  expect(await read()).toBe('call 1');
  clock.ms += 1;
  expect(await read()).toBe('call 2');
});

test('a wall clock that goes back makes nothing live longer', async () => {
  const { read, clock } = await startCached(
    { staleMs: 1_000 },
    { headers: { 'cache-control': 'max-age=10' } },
  );
  await read();
  clock.ms -= 3_600_000;
  expect(await read()).toBe('call 2');
  clock.monotonicMs += 9_000;
  clock.ms += 1_000;
  expect(await read()).toBe('call 2');
  clock.monotonicMs += 2_000;
  expect(await read()).toBe('call 3');
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
  await expect(read()).rejects.toBeInstanceOf(UpstreamError);
  const calls = received.length;
  upstream.status = 200;
  await expect(read()).resolves.toBe(`call ${calls + 1}`);
});

test('a 404 is not confirmed by a 304, which says that there is something', async () => {
  const headers = { 'cache-control': 'max-age=1', etag: '"any"' };
  const { read, received, upstream, clock } = await startCached(
    { notFoundTtlMs: 1_000 },
    { status: 404, headers },
  );
  upstream.notModified = { etag: '"any"' };
  expect(await read()).toBeNull();
  clock.ms += 2_000;
  upstream.status = 200;
  expect(await read()).toBe('call 2');
  expect(received[1]).not.toHaveProperty('if-none-match');
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

test.each([
  ['"v1"', { etag: '"v2"' }],
  ['"v1"', { etag: ['"v1"', '"v2"'] }],
  ['"v1"', { etag: 'W/"v2"' }],
  ['W/"v1"', { etag: '"v1"' }],
  ['"v1"', { 'last-modified': longAgo }],
  [undefined, { etag: '"v1"' }],
  [undefined, { 'last-modified': 'Tue, 30 Dec 2025 00:00:00 GMT' }],
])('where ETag %s was kept, a 304 with %j confirms nothing', async (etag, headers) => {
  const validator = etag === undefined ? { 'last-modified': longAgo } : { etag };
  const { read, received, upstream } = await startCached(
    {},
    { headers: { 'cache-control': 'no-cache', ...validator } },
  );
  await read();
  upstream.notModified = headers;
  expect(await read()).toBe('call 3');
  expect(received[2]).not.toHaveProperty('if-none-match');
  expect(received[2]).not.toHaveProperty('if-modified-since');
});

test.each([
  ['"v1"', {}],
  ['"v1"', { etag: 'W/"v1"' }],
  ['"v1"', { etag: ['"v1"', '"v1"'] }],
  ['W/"v1"', { etag: 'W/"v1"' }],
  [undefined, { 'last-modified': longAgo }],
])('where ETag %s was kept, a 304 with %j confirms it', async (etag, headers) => {
  const validator = etag === undefined ? { 'last-modified': longAgo } : { etag };
  const { read, received, upstream } = await startCached(
    {},
    { headers: { 'cache-control': 'no-cache', ...validator } },
  );
  await read();
  upstream.notModified = headers;
  expect([await read(), await read()]).toEqual(['call 1', 'call 1']);
  expect(received).toHaveLength(3);
});

test.each([
  { etag: '*' },
  { etag: '"v1", "v2"' },
  { etag: ['"v1"', '"v2"'] },
  { etag: 'v1' },
  { 'last-modified': 'yesterday' },
])('%j is no validator', async (headers) => {
  const { read, received } = await startCached({}, { headers: { 'cache-control': 'no-cache', ...headers } });
  await read();
  await read();
  expect(received[1]).not.toHaveProperty('if-none-match');
  expect(received[1]).not.toHaveProperty('if-modified-since');
});

test('a 304 that was not asked for is no answer', async () => {
  const { read, clock, upstream } = await startCached({}, { headers: { 'cache-control': 'max-age=10' } });
  await read();
  clock.ms += 10_000;
  upstream.status = 304;
  await expect(read()).rejects.toThrow('invalid_response');
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

test.each([500, 502, 503, 504])(
  'instead of a %i, stale-if-error answers with what is kept',
  async (status) => {
    const { read, clock, upstream, results } = await startCached(
      {},
      { headers: { 'cache-control': 'max-age=10, stale-while-revalidate=0, stale-if-error=60' } },
    );
    await read();
    upstream.status = status;
    clock.ms += 69_999;
    expect(await read()).toBe('call 1');
    expect(results).toEqual(['miss', 'miss', 'stale']);
    clock.ms += 1;
    await expect(read()).rejects.toBeInstanceOf(UpstreamError);
  },
);

test('stale-if-error covers timeouts, connections that fail, and an open breaker', async () => {
  const { read, clock, received, upstream } = await startCached(
    { staleMs: 600_000 },
    { headers: { 'cache-control': 'max-age=10, stale-while-revalidate=0' } },
    250,
  );
  // The first answer may be slow on a busy machine.
  await expect.poll(() => read().catch(() => undefined)).toBeDefined();
  const known = await read();
  clock.ms += 10_000;
  upstream.fault = 'silence';
  expect(await read()).toBe(known);
  upstream.fault = 'reset';
  expect(await read()).toBe(known);
  upstream.fault = undefined;
  upstream.status = 500;
  await Promise.allSettled(someIds(20).map((id) => read(id)));
  const calls = received.length;
  expect(await read()).toBe(known);
  expect(received).toHaveLength(calls);
});

test('a caller whose deadline passes gets what is kept', async () => {
  const { bluejay, read, clock, upstream } = await startCached(
    { staleMs: 600_000 },
    { headers: { 'cache-control': 'max-age=10, stale-while-revalidate=0' } },
  );
  await read();
  clock.ms += 10_000;
  upstream.fault = 'silence';
  const caller = new AbortController();
  const reading = bluejay.customerPersonas.get(exampleId, { apiKey: clinic.apiKey, signal: caller.signal });
  caller.abort(new DeadlineExceeded());
  expect((await reading).value?.name).toBe('call 1');
});

test.each([400, 401, 403, 422, 429, 501])('a %i is no error that stale-if-error covers', async (status) => {
  const { read, clock, upstream } = await startCached(
    {},
    { headers: { 'cache-control': 'max-age=10, stale-while-revalidate=0, stale-if-error=60' } },
  );
  await read();
  upstream.status = status;
  clock.ms += 10_000;
  await expect(read()).rejects.toBeInstanceOf(UpstreamError);
});

test.each([
  'max-age=10, Must-Revalidate',
  'max-age=10, no-cache',
  'max-age=10, stale-if-error=0',
  'max-age=10, stale-if-error=60, stale-if-error=0',
  'max-age=10, stale-if-error=long',
  'max-age=10, stale-if-error',
])('after %s an error is an error', async (cacheControl) => {
  const { read, clock, upstream } = await startCached(
    { staleMs: 600_000 },
    { headers: { 'cache-control': `${cacheControl}, stale-while-revalidate=0`, etag: '"v1"' } },
  );
  await read();
  upstream.status = 503;
  clock.ms += 10_000;
  await expect(read()).rejects.toBeInstanceOf(UpstreamError);
});

test('an answer that came stale may be used for what is left of stale-if-error', async () => {
  const { read, clock, upstream } = await startCached(
    {},
    { headers: { 'cache-control': 'max-age=60, stale-if-error=60', age: '100' } },
  );
  await read();
  upstream.status = 503;
  clock.ms += 19_999;
  expect(await read()).toBe('call 1');
  clock.ms += 1;
  await expect(read()).rejects.toBeInstanceOf(UpstreamError);
});

test('what Bluejay no longer allows to be kept is not used as a stale answer', async () => {
  const { read, clock, upstream } = await startCached(
    { staleMs: 60_000 },
    { headers: { 'cache-control': 'max-age=10, stale-while-revalidate=0' } },
  );
  await read();
  clock.ms += 10_000;
  upstream.headers = {};
  expect([await read(), await read()]).toEqual(['call 2', 'call 3']);
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
