import { expect, test } from 'vitest';
import { createFences } from '../../src/datasources/upstream/cache/fences.ts';
import type { FencesOptions } from '../../src/datasources/upstream/cache/fences.ts';
import { parseFenceMessage } from '../../src/datasources/upstream/cache/fence-message.ts';
import type { FenceMessage } from '../../src/datasources/upstream/cache/fence-message.ts';
import { createGenerations } from '../../src/datasources/upstream/cache/generations.ts';

/** A process with its fences, on a clock that stands still, and what it says to the others. */
function startProcess({ shared }: Pick<FencesOptions, 'shared'> = { shared: undefined }) {
  const generations = createGenerations({ now: () => 0 });
  const sent: FenceMessage[] = [];
  let hear: (message: unknown) => void = () => {};
  const fences = createFences({
    generations,
    scope: 'crm',
    shared,
    peers: {
      send: (message) => sent.push(message as FenceMessage),
      onMessage: (listener) => (hear = listener),
    },
  });
  return {
    ...fences,
    sent,
    hear: (message: unknown) => hear(message),
    heldMs: (name: string) => generations.heldMs(name, 'none'),
    /** Whether what was read until now may be kept. */
    watch(name: string) {
      const { current } = generations;
      return () => generations.allows('read', name, current);
    },
  };
}

test('a fence holds its names here and with the peers until it is lifted', async () => {
  const [one, other] = [startProcess(), startProcess()];
  const isKept = [one, other].map(({ watch }) => watch('a'));
  const writeId = await one.raise(['a', 'b'], 500);
  expect(one.sent).toEqual([{ scope: 'crm', writeId, names: ['a', 'b'], holdMs: 500 }]);
  for (const message of one.sent) other.hear(message);
  for (const { heldMs } of [one, other]) expect(['a', 'b', 'c'].map(heldMs)).toEqual([500, 500, 0]);
  await one.lift(writeId, ['a', 'b']);
  expect(one.sent.slice(1)).toEqual([{ scope: 'crm', writeId, names: ['a', 'b'], holdMs: 0 }]);
  for (const message of one.sent.slice(1)) other.hear(message);
  for (const { heldMs } of [one, other]) expect(['a', 'b'].map(heldMs)).toEqual([0, 0]);
  expect(isKept.map((isStillKept) => isStillKept())).toEqual([false, false]);
});

test('a process without others and without a shared store holds and releases alone', async () => {
  const generations = createGenerations({ now: () => 0 });
  const { raise, lift } = createFences({ generations, scope: 'crm', shared: undefined, peers: undefined });
  const writeId = await raise(['a'], 500);
  expect(generations.heldMs('a', 'none')).toBe(500);
  await lift(writeId, ['a']);
  expect(generations.heldMs('a', 'none')).toBe(0);
});

test('each write has an id of its own, and no fence holds for more than 20 minutes', async () => {
  const { heldMs, lift, raise, sent } = startProcess();
  const ids = [await raise(['a'], Infinity), await raise(['a'], 1)];
  await lift(undefined, ['b']);
  expect(new Set([...ids, ...sent.map(({ writeId }) => writeId)]).size).toBe(3);
  expect([heldMs('a'), sent[0]?.holdMs]).toEqual([1_200_000, 1_200_000]);
});

test('what is no message of another process about the same service changes nothing', async () => {
  const { hear, heldMs, raise, receive, sent } = startProcess();
  await raise(['a'], 500);
  const [own] = sent;
  const foreign = { scope: 'crm', writeId: 'other:1', names: ['b'], holdMs: 100 };
  for (const message of [undefined, 'text', { ...foreign, scope: 'erp' }, { ...own, holdMs: 0 }]) {
    hear(message);
    receive(message);
  }
  expect(['a', 'b'].map(heldMs)).toEqual([500, 0]);
  receive(foreign);
  expect(['a', 'b'].map(heldMs)).toEqual([500, 100]);
  hear({ ...foreign, holdMs: 0 });
  expect(heldMs('b')).toBe(0);
});

test('with a shared store, nothing is kept before it knows of the write, nor before others are done with it', async () => {
  const { promise: stored, resolve: store } = Promise.withResolvers<void>();
  const received: [string, FenceMessage, number?][] = [];
  const { hear, heldMs, lift, raise } = startProcess({
    shared: {
      hold: async (message) => void received.push(['hold', message]),
      release(message, leftMs) {
        received.push(['release', message, leftMs]);
        return stored;
      },
    },
  });
  const message = { scope: 'crm', writeId: await raise(['a', 'b'], 500), names: ['a', 'b'] };
  hear({ scope: 'crm', writeId: 'other:1', names: ['b'], holdMs: 300 });
  const lifted = lift(message.writeId, ['a', 'b']);
  expect(received).toEqual([
    ['hold', { ...message, holdMs: 500 }],
    ['release', { ...message, holdMs: 0 }, 300],
  ]);
  expect(['a', 'b'].map(heldMs)).toEqual([1_200_000, 1_200_000]);
  store();
  await lifted;
  expect(['a', 'b'].map(heldMs)).toEqual([0, 300]);
});

const longest: FenceMessage = {
  scope: 'crm',
  writeId: 'x'.repeat(100),
  names: Array.from({ length: 100 }, () => 'x'.repeat(1_000)),
  holdMs: 1_200_000,
};

test.each<[string, object]>([
  ['a long id', { writeId: 'x'.repeat(101) }],
  ['many names', { names: [...longest.names, 'x'] }],
  ['a long name', { names: ['x'.repeat(1_001)] }],
  ['a long hold', { holdMs: 1_200_001 }],
  ['a negative hold', { holdMs: -1 }],
  ['no scope', { scope: undefined }],
])('a message with %s is none', (_case, change) => {
  expect(parseFenceMessage(longest)).toEqual(longest);
  expect(parseFenceMessage({ ...longest, ...change })).toBeUndefined();
});
