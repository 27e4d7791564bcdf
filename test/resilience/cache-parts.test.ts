import type { IncomingHttpHeaders } from 'node:http';
import { expect, test } from 'vitest';
import { parseCacheControl } from '../../src/datasources/upstream/cache/cache-control.ts';
import { decodeEntry, encodeEntry, sizeOf } from '../../src/datasources/upstream/cache/entry.ts';
import type { ValueCodec } from '../../src/datasources/upstream/cache/entry.ts';
import {
  allowedFreshUntil,
  lifetimeOf,
  shorterLifetime,
  usableUntil,
} from '../../src/datasources/upstream/cache/freshness.ts';
import { createMemoryStore } from '../../src/datasources/upstream/cache/memory-store.ts';
import {
  isConditional,
  isConfirmedBy,
  isEntityTag,
  selectHeaders,
} from '../../src/datasources/upstream/cache/validators.ts';
import type { Validators } from '../../src/datasources/upstream/cache/validators.ts';

const sentAt = Date.UTC(2026, 0, 1);
const at = (ms: number) => new Date(sentAt + ms).toUTCString();

test.each<[string, Partial<ReturnType<typeof parseCacheControl>>]>([
  ['', {}],
  ['No-Store', { noStore: true }],
  ['no-cache="etag", must-revalidate', { noCache: true, mustRevalidate: true }],
  ['MAX-AGE=5', { maxAgeMs: 5_000 }],
  ['max-age="5"', { maxAgeMs: 5_000 }],
  ['max-age="5', { maxAgeMs: 0 }],
  ['max-age=5x', { maxAgeMs: 0 }],
  ['max-age=-5', { maxAgeMs: 0 }],
  ['max-age', { maxAgeMs: 0 }],
  ['max-age=5, max-age=3', { maxAgeMs: 3_000 }],
  ['max-age=3, max-age=5', { maxAgeMs: 3_000 }],
  ['max-age=5;no-store', { maxAgeMs: 5_000, noStore: true }],
  ['max-age=99999999999', { maxAgeMs: 31_536_000_000 }],
  ['x="no-store, \\" no-store", private', {}],
  ['stale-while-revalidate=1, stale-if-error=2', { staleWhileRevalidateMs: 1_000, staleIfErrorMs: 2_000 }],
])('Cache-Control: %s', (field, directives) => {
  const none = { noStore: false, noCache: false, mustRevalidate: false };
  expect(parseCacheControl(field)).toEqual({ ...none, ...directives });
});

const allowed = { ttlMs: 10_000, notFoundTtlMs: 5_000, staleMs: 3_000 };
const unsaid = { ...allowed, ttlMs: 0, notFoundTtlMs: 0 };

/** Fresh, granted, stale while revalidated, stale on an error: in milliseconds. */
type Times = [number, number, number, number];

const maxAge = (seconds: number, more = '') => ({ 'cache-control': `max-age=${seconds}${more}` });

test.each<[Validators, Times]>([
  [{}, [10_000, 0, 13_000, 13_000]],
  [maxAge(4), [4_000, 4_000, 7_000, 7_000]],
  [maxAge(60), [10_000, 10_000, 13_000, 13_000]],
  [maxAge(4, ', must-revalidate'), [4_000, 4_000, 4_000, 4_000]],
  [maxAge(4, ', no-cache'), [0, 0, 0, 0]],
  [{ 'cache-control': 'no-cache' }, [0, 0, 0, 0]],
  [maxAge(4, ', stale-while-revalidate=7, stale-if-error=9'), [4_000, 4_000, 11_000, 13_000]],
  [{ 'cache-control': 'stale-while-revalidate=7' }, [10_000, 0, 17_000, 13_000]],
  [{ ...maxAge(4), age: '3' }, [1_000, 1_000, 4_000, 4_000]],
  [{ ...maxAge(4), age: '1, 3' }, [1_000, 1_000, 4_000, 4_000]],
  [{ ...maxAge(4), age: ' 3 ,1' }, [1_000, 1_000, 4_000, 4_000]],
  [{ ...maxAge(4), age: '3x' }, [4_000, 4_000, 7_000, 7_000]],
  [{ ...maxAge(4), age: 'x3' }, [4_000, 4_000, 7_000, 7_000]],
  [{ ...maxAge(4), age: '-3' }, [4_000, 4_000, 7_000, 7_000]],
  [{ ...maxAge(4), age: '6' }, [0, 0, 1_000, 1_000]],
  [{ ...maxAge(4), age: '60' }, [0, 0, 0, 0]],
  [{ ...maxAge(4), date: at(-2_000) }, [2_999, 2_999, 5_999, 5_999]],
  [{ ...maxAge(4), date: at(-2_000), age: '3' }, [1_000, 1_000, 4_000, 4_000]],
  [{ ...maxAge(4), date: at(2_000) }, [4_000, 4_000, 7_000, 7_000]],
  [{ ...maxAge(4), date: 'yesterday' }, [0, 0, 3_000, 3_000]],
  [{ ...maxAge(4), date: 'yesterday', age: '1' }, [0, 0, 2_000, 2_000]],
  [{ expires: at(5_000) }, [5_000, 5_000, 8_000, 8_000]],
  [{ expires: at(5_000), date: at(-2_000) }, [5_999, 5_999, 8_999, 8_999]],
  [{ expires: at(5_000), ...maxAge(4) }, [4_000, 4_000, 7_000, 7_000]],
  [{ expires: at(-5_000) }, [0, 0, 3_000, 3_000]],
  [{ expires: '0' }, [0, 0, 3_000, 3_000]],
  [{ expires: at(5_000), 'cache-control': 'no-cache' }, [0, 0, 0, 0]],
  [{ vary: 'accept, x-traceparent' }, [10_000, 0, 13_000, 13_000]],
  [{ vary: 'traceparent-id' }, [10_000, 0, 13_000, 13_000]],
])('an answer with %j is kept as long as the service and the operator allow', (headers, times) => {
  const lifetime = lifetimeOf(headers, true, sentAt, allowed);
  expect(lifetime).toEqual({
    sentAt,
    freshMs: times[0],
    grantedMs: times[1],
    staleWhileRevalidateMs: times[2],
    staleIfErrorMs: times[3],
  });
});

test.each<[Validators, Times]>([
  [{}, [0, 0, 0, 0]],
  [maxAge(60), [60_000, 60_000, 63_000, 63_000]],
  [{ expires: at(2 * 31_536_000_000) }, [31_536_000_000, 31_536_000_000, 31_536_003_000, 31_536_003_000]],
])('without a TTL of the operator’s, an answer with %j is kept as the service allows', (headers, times) => {
  const { freshMs, grantedMs, staleWhileRevalidateMs, staleIfErrorMs } =
    lifetimeOf(headers, true, sentAt, unsaid) ?? {};
  expect([freshMs, grantedMs, staleWhileRevalidateMs, staleIfErrorMs]).toEqual(times);
});

test('a 404 is kept only where the operator says so, and never as a stale one', () => {
  expect(lifetimeOf(maxAge(60), false, sentAt, unsaid)).toBeUndefined();
  const { freshMs, staleWhileRevalidateMs, staleIfErrorMs } =
    lifetimeOf(maxAge(60), false, sentAt, allowed) ?? {};
  expect([freshMs, staleWhileRevalidateMs, staleIfErrorMs]).toEqual([5_000, 5_000, 5_000]);
});

test.each([
  { 'cache-control': 'no-store, max-age=60' },
  { vary: '*' },
  { vary: 'Accept , *' },
  { vary: 'TraceParent , accept' },
  { vary: 'tracestate,accept' },
])('an answer with %j is not kept', (headers) => {
  expect(lifetimeOf(headers, true, sentAt, allowed)).toBeUndefined();
  expect(allowedFreshUntil(headers, sentAt)).toBe(0);
});

test('an answer is usable until the last of its times, and allowed until the service’s', () => {
  const times = { sentAt: 100, freshMs: 1, grantedMs: 50, staleWhileRevalidateMs: 2, staleIfErrorMs: 3 };
  expect(usableUntil(times)).toBe(103);
  expect(usableUntil({ ...times, staleWhileRevalidateMs: 4 })).toBe(104);
  expect(usableUntil({ ...times, freshMs: 5 })).toBe(105);
  expect(allowedFreshUntil(maxAge(4), sentAt)).toBe(sentAt + 4_000);
  expect([allowedFreshUntil({}, sentAt), allowedFreshUntil(maxAge(0), sentAt)]).toEqual([0, 0]);
});

test('of two lifetimes the shorter one holds, time by time', () => {
  const one = { sentAt: 1, freshMs: 9, grantedMs: 1, staleWhileRevalidateMs: 9, staleIfErrorMs: 1 };
  const other = { sentAt: 9, freshMs: 1, grantedMs: 9, staleWhileRevalidateMs: 1, staleIfErrorMs: 9 };
  const shorter = { sentAt: 1, freshMs: 1, grantedMs: 1, staleWhileRevalidateMs: 1, staleIfErrorMs: 1 };
  expect([shorterLifetime(one, other), shorterLifetime(other, one)]).toEqual([shorter, shorter]);
});

test.each([
  ['""', true],
  ['"x"', true],
  ['W/"x"', true],
  ['"!~\xff"', true],
  ['w/"x"', false],
  ['x', false],
  ['*', false],
  ['"x', false],
  ['x"', false],
  ['"x", "y"', false],
  ['"x y"', false],
  ['a"x"', false],
])('%j is an entity tag: %j', (value, isTag) => {
  expect(isEntityTag(value)).toBe(isTag);
  expect(selectHeaders({ etag: value }).etag).toBe(isTag ? value : undefined);
});

test('of a response, those headers are kept that decide on freshness and revalidation', () => {
  const headers: IncomingHttpHeaders = {
    age: '1',
    'cache-control': 'max-age=1',
    date: at(0),
    etag: '"x"',
    expires: at(1),
    'last-modified': at(-1),
    vary: 'accept',
  };
  expect(selectHeaders({ ...headers, 'set-cookie': ['secret'], server: 'x' })).toEqual(headers);
  expect(selectHeaders({ vary: ['a', 'b', 'a'] as never, 'last-modified': 'never' })).toEqual({
    vary: 'a, b',
  });
  // Those of a 304 replace the previous ones, whose age and date are not its own.
  const previous = { ...headers, vary: 'x', etag: '"old"' };
  const { age: _age, date: _date, ...confirmed } = headers;
  expect(selectHeaders({ vary: 'accept', etag: '"x"' }, previous)).toEqual(confirmed);
});

test.each<[Validators, boolean]>([
  [{}, false],
  [{ vary: 'accept' }, false],
  [{ etag: '"x"' }, true],
  [{ 'last-modified': at(0) }, true],
])('a request with the validators %j is conditional: %j', (validators, expected) => {
  expect(isConditional(validators)).toBe(expected);
});

const both = { etag: '"x"', 'last-modified': at(0) };

test.each<[IncomingHttpHeaders, Validators, boolean]>([
  [{}, both, true],
  [{ etag: '"x"' }, both, true],
  [{ etag: '"y"' }, both, false],
  [{ etag: 'W/"x"' }, both, true],
  [{ etag: 'W/"y"' }, both, false],
  [{ etag: 'W/"x"' }, { etag: 'W/"x"' }, true],
  [{ etag: '"x"' }, { etag: 'W/"x"' }, false],
  [{ etag: 'W/"x"' }, { 'last-modified': at(0) }, false],
  [{ etag: ['"x"', '"x"'] as never }, both, true],
  [{ 'last-modified': at(0) }, both, true],
  [{ 'last-modified': at(1_000) }, both, false],
  [{ etag: '"y"', 'last-modified': at(0) }, both, false],
])('a 304 with %j confirms an answer with %j: %j', (notModified, validators, expected) => {
  expect(isConfirmedBy(notModified, validators)).toBe(expected);
});

interface Named {
  readonly name: string;
}

/** Accepts more than it writes: a name with blanks around it. */
const codec: ValueCodec<Named | undefined> = {
  encode(value) {
    if (value === undefined) throw new TypeError('There is no value');
    return { name: value.name };
  },
  decode: (json) => {
    const { name } = json as Record<string, unknown>;
    return typeof name === 'string' ? { name: name.trim() } : undefined;
  },
  absent: undefined,
};

const lifetime = { sentAt: 1, freshMs: 2, grantedMs: 3, staleWhileRevalidateMs: 4, staleIfErrorMs: 5 };
const validators = { etag: '"x"', vary: 'accept' };
const entry = { ...lifetime, validators, generation: 'g', value: { name: 'Ada' }, isAbsent: false };

test('an entry of the shared store is read as it was written', () => {
  expect(decodeEntry(encodeEntry(entry, codec), codec)).toEqual(entry);
  const absent = { ...entry, value: undefined, isAbsent: true };
  expect(decodeEntry(encodeEntry(absent, codec), codec)).toEqual(absent);
});

test.each<[string, object | string]>([
  ['no JSON', 'x'],
  ['no object', '1'],
  ['a value that is none of the endpoint', { value: { name: 7 } }],
  ['a value that no replica has written so', { value: { name: ' Ada ' } }],
  ['a value with more than is known', { value: { name: 'Ada', age: 7 } }],
  ['no generation', { generation: undefined }],
  ['a header that no service sends', { validators: { vary: 'a\nb' } }],
  ['a header that is too long', { validators: { vary: 'x'.repeat(16_385) } }],
  ['a tag that is none', { validators: { etag: '*' } }],
  ['a tag that is too long', { validators: { etag: `"${'x'.repeat(16_383)}"` } }],
  ['a time that is none', { freshMs: null }],
])('of the shared store, %s is no entry', (_case, change) => {
  const text =
    typeof change === 'string'
      ? change
      : JSON.stringify({ ...(JSON.parse(encodeEntry(entry, codec)) as object), ...change });
  expect(decodeEntry(text, codec)).toBeUndefined();
});

test('an entry has at most 2 MiB, and headers of at most 16 KiB', () => {
  const long = { ...entry, validators: { vary: 'x'.repeat(16_384), etag: `"${'x'.repeat(16_382)}"` } };
  expect(decodeEntry(encodeEntry(long, codec), codec)).toEqual(long);
  const padded = encodeEntry(entry, codec).padEnd(2_097_152);
  expect(decodeEntry(padded, codec)).toEqual(entry);
  expect(decodeEntry(`${padded} `, codec)).toBeUndefined();
});

test('the size of an entry counts each character twice, and 4 for what is no text', () => {
  const value = { text: 'abc', list: ['de', { deep: 'f' }], number: 1, none: null, bad: new Error('long') };
  const size = sizeOf('key', { ...entry, value, validators: { etag: '"x"', vary: undefined } });
  expect(size).toBe((3 + 3 + 2 + 1 + 4 + 4 + 4 + 3 + 4) * 2 + 500);
});

function startStore(maxEntries: number, maxBytes = Infinity) {
  const store = createMemoryStore({ maxEntries, maxBytes: Math.min(maxBytes, 1e9) });
  const held = { ...entry, sentAtMs: 0, generation: 0 };
  return {
    ...store,
    set: (key: string, name = 'Ada') => store.set(key, { ...held, value: { name } }),
    kept: (...keys: string[]) => keys.filter((key) => store.get(key) !== undefined),
    size: sizeOf('a:1', held),
  };
}

test('a memory store returns what was stored under a key, and counts its bytes', () => {
  const { set, get, delete: remove, bytes, size } = startStore(9);
  expect([get('a:1'), bytes()]).toEqual([undefined, 0]);
  set('a:1');
  expect(get('a:1')).toMatchObject({ value: { name: 'Ada' } });
  expect([get('a:2'), get('b:1'), bytes()]).toEqual([undefined, undefined, size]);
  set('b:1');
  set('a:1', 'Ada!');
  expect(bytes()).toBe(2 * size + 2);
  remove('c:1');
  remove('a:2');
  remove('a:1');
  expect([get('a:1'), bytes()]).toEqual([undefined, size]);
  remove('b:1');
  expect(bytes()).toBe(0);
});

test.each([
  ['entries', 4, 1e9],
  ['bytes', 1e9, 4 * startStore(1).size],
])('over its limit of %s, an owner with more than its share loses what it used least recently', (...row) => {
  const [, maxEntries, maxBytes] = row;
  const { set, kept, bytes, size } = startStore(maxEntries, maxBytes);
  for (const key of ['a:1', 'b:1', 'b:2', 'b:3']) set(key);
  expect(kept('a:1', 'b:1', 'b:2', 'b:3')).toHaveLength(4);
  // Reading them has made b:2 the one that was used least recently.
  kept('b:1');
  set('b:4');
  expect(kept('a:1', 'b:1', 'b:2', 'b:3', 'b:4')).toEqual(['a:1', 'b:1', 'b:3', 'b:4']);
  for (const key of ['a:2', 'a:3', 'a:4']) set(key);
  expect(kept('a:1', 'a:2', 'a:3', 'a:4')).toHaveLength(2);
  expect(kept('b:1', 'b:3', 'b:4')).toHaveLength(2);
  set('c:1');
  set('d:1');
  expect(kept('c:1', 'd:1')).toHaveLength(2);
  expect(bytes()).toBe(4 * size);
});

test('an owner whose entries are gone has no share', () => {
  const { set, kept, delete: remove } = startStore(4);
  set('c:1');
  remove('c:1');
  for (const key of ['b:1', 'b:2', 'a:1', 'a:2', 'a:3']) set(key);
  expect(kept('a:1', 'a:2', 'a:3', 'b:1', 'b:2')).toEqual(['a:2', 'a:3', 'b:1', 'b:2']);
});

test('a limit that holds costs nobody an entry', () => {
  const long = 'x'.repeat(10_003);
  const { size } = startStore(1);
  const longSize = size + 2 * 10_000;
  // Too many bytes, of b: a has more than its share of the entries, as many of which are stored as may be.
  const bytes = startStore(5, 3 * size + 2 * longSize - 1);
  for (const key of ['a:1', 'a:2', 'a:3']) bytes.set(key);
  for (const key of ['b:1', 'b:2']) bytes.set(key, long);
  expect(bytes.kept('a:1', 'a:2', 'a:3', 'b:1', 'b:2')).toEqual(['a:1', 'a:2', 'a:3', 'b:2']);
  // Too many entries, of b: a has more than its share of the bytes, as many of which are stored as may be.
  const entries = startStore(3, longSize + 3 * size);
  entries.set('a:1', long);
  for (const key of ['b:1', 'b:2', 'b:3']) entries.set(key);
  expect(entries.kept('a:1', 'b:1', 'b:2', 'b:3')).toEqual(['a:1', 'b:2', 'b:3']);
});

test('an entry that is larger than the whole store is not stored, and takes no room', () => {
  const { set, kept, bytes, size } = startStore(9, startStore(1).size);
  set('a:1');
  set('b:1', 'Ada!');
  expect([kept('a:1', 'b:1'), bytes()]).toEqual([['a:1'], size]);
});
