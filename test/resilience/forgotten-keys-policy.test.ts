import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createForgottenKeys } from '../../src/datasources/upstream/cache/forgotten-keys.ts';
import type { ForgottenKeysOptions, Removal } from '../../src/datasources/upstream/cache/forgotten-keys.ts';

test('where more is forgotten than can be remembered, what was stored before is not used, and what comes later is', () => {
  const remove = () => Promise.resolve('failed' as const);
  const forgotten = createForgottenKeys({ remove, lifetimeMs: 60_000, settleMs: 0, maxKeys: 3 });
  onTestFinished(() => forgotten.close());
  for (let key = 0; key < 3; key += 1) forgotten.add(String(key), true);
  expect(forgotten.hasOfAge(10_000)).toBe(false);
  forgotten.add('one more', true);
  expect(forgotten.has('0')).toBe(false);
  expect([forgotten.hasOfAge(10_000), forgotten.hasOfAge(Infinity), forgotten.hasOfAge(0)]).toEqual([
    true,
    true,
    false,
  ]);
});

/** Forgotten keys on a clock of the test's, in a store whose removals end as the test says. */
function startForgetting(options: Partial<ForgottenKeysOptions> = {}) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const removed: string[] = [];
  const store = { endOf: (_key: string): Removal => 'failed' };
  const forgotten = createForgottenKeys({
    lifetimeMs: 10_000,
    settleMs: 1_000,
    retryMs: 2_000,
    remove(key) {
      removed.push(key);
      return Promise.resolve(store.endOf(key));
    },
    ...options,
  });
  return {
    forgotten,
    store,
    /** Lets time pass. Returns how many removals were tried meanwhile. */
    async pass(ms: number): Promise<number> {
      removed.length = 0;
      await vi.advanceTimersByTimeAsync(ms);
      // A reply counts one turn of the event loop later.
      for (let turn = 0; turn < 5; turn += 1) await setImmediate();
      return removed.length;
    },
  };
}

test('what is not deleted is tried again, a hundred at a time, until it is gone', async () => {
  const { forgotten, store, pass } = startForgetting();
  const keys = Array.from({ length: 250 }, (_, index) => `key ${index}`);
  for (const key of keys) forgotten.add(key, true);
  expect([await pass(0), await pass(1_999)]).toEqual([0, 0]);
  // A store that refuses a whole batch is not asked for the next.
  expect(await pass(1)).toBe(100);
  store.endOf = (key) => (key === 'key 0' ? 'gone' : 'failed');
  expect(await pass(2_000)).toBe(200);
  expect(keys.filter((key) => !forgotten.has(key))).toEqual(['key 0']);
  store.endOf = () => 'deleted';
  expect(await pass(2_000)).toBe(249);
  expect(forgotten.has('key 1')).toBe(true);
  store.endOf = () => 'gone';
  expect(await pass(2_000)).toBe(249);
  expect(keys.some((key) => forgotten.has(key))).toBe(false);
  expect(await pass(20_000)).toBe(0);
});

test('a key is remembered as long as an entry lives in the store, and is then not tried again', async () => {
  const { forgotten, pass } = startForgetting();
  forgotten.add('key', true);
  expect(await pass(9_999)).toBe(4);
  expect(forgotten.has('key')).toBe(true);
  expect(await pass(2_001)).toBe(0);
  expect(forgotten.has('key')).toBe(false);
});

test('a store that is closed is not asked any more', async () => {
  const { forgotten, pass } = startForgetting();
  forgotten.add('key', true);
  await pass(0);
  forgotten.close();
  expect([forgotten.has('key'), await pass(20_000)]).toEqual([false, 0]);
});

test('a key that is added again counts as new, and a mark from before does not remove it', () => {
  const { forgotten } = startForgetting({ maxKeys: 3 });
  for (const key of ['a', 'b', 'c']) forgotten.add(key, true);
  const before = forgotten.get('a');
  forgotten.add('a', true);
  if (before !== undefined) forgotten.discard('a', before);
  forgotten.add('d', true);
  expect(['a', 'b', 'c', 'd'].map(forgotten.has)).toEqual([true, false, true, true]);
});

test('a key without an entry takes no room from others', () => {
  const { forgotten } = startForgetting({ maxKeys: 4 });
  for (const key of ['a', 'b', 'c']) forgotten.add(key, false);
  expect(['a', 'b', 'c'].map(forgotten.has)).toEqual([true, true, false]);
});

test('an entry that was stored before a key was dropped is not used, as long as such entries live', async () => {
  const { forgotten, pass } = startForgetting({ maxKeys: 1 });
  forgotten.add('a', true);
  expect(forgotten.hasOfAge(Infinity)).toBe(false);
  forgotten.add('b', true);
  expect(forgotten.hasOfAge(0)).toBe(true);
  await pass(1_000);
  // The store may take another second for what was sent before.
  expect([forgotten.hasOfAge(0), forgotten.hasOfAge(1)]).toEqual([false, true]);
  await pass(8_999);
  expect(forgotten.hasOfAge(Infinity)).toBe(true);
  await pass(1);
  expect(forgotten.hasOfAge(Infinity)).toBe(false);
});
