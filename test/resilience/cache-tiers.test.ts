import type { IncomingHttpHeaders } from 'node:http';
import { expect, test } from 'vitest';
import type { CacheEntry, ValueCodec } from '../../src/datasources/upstream/cache/entry.ts';
import type { FreshnessOptions } from '../../src/datasources/upstream/cache/freshness.ts';
import { createGenerations } from '../../src/datasources/upstream/cache/generations.ts';
import { createCache } from '../../src/datasources/upstream/cache/index.ts';
import { createMemoryStore } from '../../src/datasources/upstream/cache/memory-store.ts';
import type { SharedStore, StoredEntry } from '../../src/datasources/upstream/cache/shared-store.ts';

interface Named {
  readonly name: string;
}

type Value = Named | undefined;

const ada = { value: { name: 'Ada' }, isAbsent: false };
const absent = { value: undefined as Value, isAbsent: true };
const storeGeneration = { token: 'token', isNew: false, seenAtMs: 0 };
const day = 'Thu, 01 Jan 1970 00:00:00 GMT';
const known: CacheEntry<Value> = {
  ...ada,
  validators: {},
  sentAt: 0,
  freshMs: 0,
  grantedMs: 0,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
};
const maxAge = (seconds: number) => ({ 'cache-control': `max-age=${seconds}` });

/** The cache of one read, on two clocks, and a shared store that answers what it is given. */
function startTiers(freshness: Partial<FreshnessOptions> = {}, isShared = true) {
  const clock = { wallMs: 1_000_000, ms: 50_000 };
  const generations = createGenerations({ now: () => clock.ms });
  const calls: unknown[][] = [];
  const other: { entry?: StoredEntry<Value>; codec?: ValueCodec<unknown>; onRead?: () => void } = {};
  const shared: SharedStore = {
    get(_key, _resource, codec) {
      other.codec = codec as ValueCodec<unknown>;
      other.onRead?.();
      return Promise.resolve({ entry: other.entry, generation: storeGeneration } as never);
    },
    set: (...row) => void calls.push(['set', ...row]),
    delete: (...row) => void calls.push(['delete', ...row]),
    hold: () => Promise.resolve(),
    release: () => Promise.resolve(),
    close() {},
  };
  const cache = createCache<string, Value>({
    operation: 'read',
    generations,
    encode: (value) => ({ name: value?.name }),
    decode: (_json, input) => ({ name: input }),
    absent: undefined,
    freshness: { ttlMs: 10_000, notFoundTtlMs: 5_000, staleMs: 3_000, ...freshness },
    memory: createMemoryStore({ maxEntries: 9, maxBytes: 1_000_000 }),
    shared: isShared ? shared : undefined,
    wallClock: () => clock.wallMs,
    now: () => clock.ms,
  });
  const slot = { key: 'owner:1', resource: '1', generation: generations.current, storeGeneration };
  return {
    ...cache,
    calls,
    clock,
    generations,
    slot,
    /** What the shared store answers. */
    other,
    /** Stores an answer that took 100 ms. */
    keep: (headers: IncomingHttpHeaders, answer: typeof absent = ada, previous?: CacheEntry<Value>) =>
      cache.store(slot, answer, { headers, elapsedMs: 100 }, previous),
    write() {
      generations.hold('write', ['1'], 1_000);
      generations.release('write', ['1']);
    },
    pass(ms: number) {
      clock.wallMs += ms;
      clock.ms += ms;
    },
  };
}

test('an answer is kept in both tiers, from when its request was sent', () => {
  const { calls, get, keep, pass, read, slot } = startTiers();
  const headers = { ...maxAge(4), server: 'x' };
  const sentAt = 999_900;
  expect(keep(headers)).toEqual({ value: ada.value, freshUntil: sentAt + 4_000 });
  const entry = {
    ...ada,
    validators: maxAge(4),
    sentAt,
    freshMs: 4_000,
    grantedMs: 4_000,
    staleWhileRevalidateMs: 7_000,
    staleIfErrorMs: 7_000,
  };
  const held = { ...entry, sentAtMs: 49_900, generation: 0 };
  expect(get(slot)).toEqual(held);
  const codec = { encode: expect.any(Function) as unknown };
  expect(calls).toEqual([['set', 'owner:1', '1', entry, storeGeneration, codec, 1_000_000]]);
  const written = calls[0]?.[5] as Partial<ValueCodec<Value>>;
  expect(written.encode?.(ada.value)).toEqual({ name: 'Ada' });
  pass(1_000);
  expect(read(held)).toEqual({ value: ada.value, freshUntil: sentAt + 4_000 });
  expect(read({ ...held, grantedMs: 0 })).toEqual({ value: ada.value, freshUntil: 0 });
});

test('the age of an entry is that of the clock that shows more, and unknown where one went back', () => {
  const { clock, isFresh, get, keep, mayServeOnError, mayServeWhileRevalidating, slot } = startTiers();
  keep({ 'cache-control': 'max-age=4, stale-while-revalidate=1, stale-if-error=2' });
  const entry = get(slot);
  if (entry === undefined) throw new Error('It is not kept');
  const uses = () => [isFresh(entry), mayServeWhileRevalidating(entry), mayServeOnError(entry)];
  const start = { ...clock };
  for (const name of ['wallMs', 'ms'] as const) {
    Object.assign(clock, start);
    for (const [ageMs, expected] of [
      [3_999, [true, true, true]],
      [4_000, [false, true, true]],
      [4_999, [false, true, true]],
      [5_000, [false, false, true]],
      [5_999, [false, false, true]],
      [6_000, [false, false, false]],
    ] as const) {
      clock[name] = start[name] - 100 + ageMs;
      expect(uses()).toEqual(expected);
    }
  }
  Object.assign(clock, start, { wallMs: entry.sentAt - 1 });
  expect(uses()).toEqual([false, false, false]);
  clock.wallMs = entry.sentAt;
  expect(uses()).toEqual([true, true, true]);
});

test('where a write holds the store, an answer is kept in memory alone', () => {
  const { calls, get, slot, ...cache } = startTiers();
  const { storeGeneration: _held, ...held } = slot;
  cache.confirm(held, known, { headers: maxAge(4), elapsedMs: 0 });
  expect([get(slot)?.value, calls]).toEqual([ada.value, []]);
});

test('without a shared store there is one tier', async () => {
  const { forget, get, getShared, isShared, keep, slot } = startTiers({}, false);
  expect([isShared, startTiers().isShared]).toEqual([false, true]);
  keep({ etag: '"x"', 'cache-control': 'no-cache' });
  keep(maxAge(4));
  const entry = get(slot);
  expect(entry?.value).toBe(ada.value);
  expect(await getShared(slot, 'x')).toEqual({ entry, slot: { ...slot, storeGeneration: undefined } });
  forget(slot, entry);
  expect(get(slot)).toBeUndefined();
});

test('what was read before a write is neither kept nor used again', () => {
  const { calls, get, keep, slot, write } = startTiers();
  keep(maxAge(4));
  calls.length = 0;
  write();
  expect(get(slot)).toBeUndefined();
  expect(keep(maxAge(4))).toEqual({ value: ada.value, freshUntil: 0 });
  expect([get({ ...slot, generation: 2 }), calls]).toEqual([undefined, []]);
});

test.each<[string, Partial<FreshnessOptions>, IncomingHttpHeaders, typeof absent]>([
  ['that may not be stored', {}, { 'cache-control': 'no-store' }, ada],
  ['that may not be stored, with a tag', {}, { 'cache-control': 'no-store', etag: '"x"' }, ada],
  ['that cannot be confirmed', {}, { 'cache-control': 'no-cache' }, ada],
  ['that nobody allows to be stored', { ttlMs: 0 }, {}, ada],
  ['that nobody allows to be stored, with a tag', { ttlMs: 0 }, { etag: '"x"' }, ada],
  ['of 404 that nobody allows to be stored', { notFoundTtlMs: 0 }, {}, absent],
  ['of 404 that has to be confirmed', {}, { 'cache-control': 'no-cache', etag: '"x"' }, absent],
  [
    'of 404 that has to be confirmed by date',
    {},
    { 'cache-control': 'no-cache', 'last-modified': day },
    absent,
  ],
])('an answer %s takes the place of the entry in both tiers', (_case, freshness, headers, answer) => {
  const { calls, get, keep, slot } = startTiers(freshness);
  keep(maxAge(4));
  calls.length = 0;
  expect(keep(headers, answer)).toEqual({ value: answer.value, freshUntil: 0 });
  expect([get(slot), calls]).toEqual([undefined, [['delete', 'owner:1', '1', false]]]);
});

test.each<[Partial<FreshnessOptions>, IncomingHttpHeaders]>([
  [{}, { 'cache-control': 'no-cache', etag: '"x"' }],
  [{ ttlMs: 0 }, { 'cache-control': 'no-cache', 'last-modified': day }],
  [{ ttlMs: 0 }, { expires: '0', etag: '"x"' }],
  // Where an entry was known, its tag stands for it.
  [{ ttlMs: 0, staleMs: 0 }, { etag: '"x"' }],
])('with %j, an answer with %j is kept to be confirmed, and not shared', (freshness, headers) => {
  const { calls, get, isFresh, keep, slot } = startTiers({ staleMs: 0, ...freshness });
  keep(headers, ada, known);
  const entry = get(slot);
  expect(entry?.validators).toEqual(headers);
  expect([entry && isFresh(entry), calls]).toEqual([false, [['delete', 'owner:1', '1', true]]]);
});

test.each<IncomingHttpHeaders>([maxAge(4), { expires: new Date(1_005_000).toUTCString() }])(
  'without a TTL of the operator’s, the first answer with %j is kept',
  (headers) => {
    const { get, keep, slot } = startTiers({ ttlMs: 0 });
    keep(headers);
    expect(get(slot)).toMatchObject(ada);
  },
);

test('an answer that is used up as it arrives is not shared', () => {
  const { calls, get, slot, ...cache } = startTiers();
  const headers = { 'cache-control': 'no-cache', etag: '"x"' };
  cache.store(slot, ada, { headers, elapsedMs: 0 }, undefined);
  expect(get(slot)?.validators.etag).toBe('"x"');
  expect(calls).toEqual([['delete', 'owner:1', '1', false]]);
});

test('to forget an entry deletes it in both tiers', () => {
  const { calls, forget, get, keep, slot } = startTiers();
  keep(maxAge(4));
  calls.length = 0;
  forget(slot, get(slot));
  forget(slot, undefined);
  expect(get(slot)).toBeUndefined();
  expect(calls).toEqual([true, false].map((wasSeen) => ['delete', 'owner:1', '1', wasSeen]));
});

/** An entry of another replica, whose request was sent a second ago. */
const theirs: StoredEntry<Value> = {
  value: { name: 'Bea' },
  isAbsent: false,
  validators: {},
  sentAt: 999_000,
  freshMs: 60_000,
  grantedMs: 0,
  staleWhileRevalidateMs: 60_000,
  staleIfErrorMs: 60_000,
  storedMs: 0,
};

test('an entry of another replica is used within the times of this one, and kept in memory', async () => {
  const { get, getShared, slot, other } = startTiers();
  other.entry = theirs;
  const { storedMs: _storedMs, ...entry } = theirs;
  const adopted = {
    ...entry,
    freshMs: 10_000,
    staleWhileRevalidateMs: 13_000,
    staleIfErrorMs: 13_000,
    sentAtMs: 49_000,
    generation: 0,
  };
  expect(await getShared(slot, 'Bea')).toEqual({ entry: adopted, slot });
  expect(get(slot)).toEqual(adopted);
  const { absent: none, decode, encode } = other.codec ?? {};
  expect([none, decode?.({}), encode?.(ada.value)]).toEqual([undefined, { name: 'Bea' }, { name: 'Ada' }]);
});

test.each<[string, Partial<StoredEntry<Value>>, number | undefined]>([
  ['that the store has had for longer is as old as that', { storedMs: 1_500 }, 48_500],
  ['that was sent just now is used', { sentAt: 1_000_000 }, 50_000],
  ['from the future is not', { sentAt: 1_000_001 }, undefined],
  ['that this replica would not keep is not', { validators: { vary: '*' } }, undefined],
  ['of 404 is used as one', { isAbsent: true, value: undefined }, 49_000],
])('an entry of another replica %s', async (_case, change, sentAtMs) => {
  const { get, getShared, slot, other } = startTiers();
  other.entry = { ...theirs, ...change };
  const { entry } = await getShared(slot, 'Bea');
  expect([entry?.sentAtMs, get(slot)]).toEqual([sentAtMs, entry]);
});

test('a 404 of another replica is fresh for as long as one of this replica', async () => {
  const { getShared, slot, other } = startTiers();
  other.entry = { ...theirs, isAbsent: true, value: undefined };
  expect((await getShared(slot, 'Bea')).entry).toMatchObject({ isAbsent: true, freshMs: 5_000 });
});

test('of two entries the newer one is used, and this replica’s where both are as old', async () => {
  for (const [sentAt, name] of [
    [999_901, 'Bea'],
    [999_900, 'Ada'],
    [999_899, 'Ada'],
  ] as const) {
    const { get, getShared, keep, slot, other } = startTiers();
    keep({});
    other.entry = { ...theirs, sentAt };
    const { entry, slot: seen } = await getShared(slot, 'x');
    expect([entry?.value?.name, get(slot)?.value?.name]).toEqual([name, name]);
    expect(seen).toEqual(slot);
  }
});

test('what was written while the shared store was read is not read from it, nor stored', async () => {
  const { get, getShared, slot, other, write } = startTiers();
  other.entry = theirs;
  other.onRead = write;
  const { storeGeneration: _unseen, ...unseen } = slot;
  expect(await getShared(unseen, 'x')).toEqual({ entry: undefined, slot: unseen });
  expect((await getShared(unseen, 'x')).slot).not.toHaveProperty('storeGeneration');
  expect(get({ ...slot, generation: 9 })).toBeUndefined();
});
