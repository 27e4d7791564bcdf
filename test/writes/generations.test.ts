import { expect, test } from 'vitest';
import { createGenerations } from '../../src/datasources/upstream/cache/generations.ts';

function startGenerations(maxMarks?: number) {
  const clock = { ms: 0 };
  const generations = createGenerations({
    now: () => clock.ms,
    ...(maxMarks !== undefined && { maxMarks }),
  });
  const write = (name: string) => {
    generations.hold(`write of ${name}`, [name], 1_000);
    generations.release(`write of ${name}`, [name]);
  };
  const allows = (resource: string, generation: number, operation = 'read') =>
    generations.allows(operation, resource, generation);
  return { allows, clock, generations, write };
}

test('a write puts what was read before and during it out of date, and nothing of other resources', () => {
  const { allows, clock, generations } = startGenerations();
  const before = generations.current;
  expect(allows('a', before)).toBe(true);
  generations.hold('write', ['a', 'b'], 1_000);
  const during = generations.current;
  expect([allows('a', before), allows('a', during), allows('b', during)]).toEqual([false, false, false]);
  expect(allows('c', before)).toBe(true);
  clock.ms += 999;
  expect(allows('a', during)).toBe(false);
  generations.release('write', ['a', 'b']);
  expect([allows('a', during), allows('a', generations.current)]).toEqual([false, true]);
  expect(generations.leastOf('read', 'a')).toBeGreaterThan(during);
  expect(generations.leastOf('read', 'c')).toBe(before);
});

test('a write that nobody releases holds as long as it said, and what was read meanwhile is out of date', () => {
  const { allows, clock, generations } = startGenerations();
  generations.hold('write', ['a'], 1_000);
  generations.hold('longer', ['a'], 2_000);
  const during = generations.current;
  expect(['write', 'longer', 'another'].map((except) => generations.heldMs('a', except))).toEqual([
    2_000, 1_000, 2_000,
  ]);
  expect(generations.heldMs('b', 'another')).toBe(0);
  clock.ms += 1_000;
  expect(['longer', 'another'].map((except) => generations.heldMs('a', except))).toEqual([0, 1_000]);
  expect(allows('a', generations.current)).toBe(false);
  clock.ms += 1_000;
  expect(generations.heldMs('a', 'another')).toBe(0);
  expect([allows('a', during), allows('a', generations.current)]).toEqual([false, true]);
  const after = generations.leastOf('read', 'a');
  expect(generations.leastOf('read', 'a')).toBe(after);
});

test('reads that begin after a hold has ended by itself share no call with those before', () => {
  for (const [name, operation] of [
    ['a', 'read'],
    ['list', 'list'],
  ] as const) {
    const { clock, generations } = startGenerations();
    generations.hold('write', [name], 1_000);
    const held = generations.leastOf(operation, 'a');
    expect(generations.leastOf(operation, 'a')).toBe(held);
    clock.ms += 1_000;
    expect(generations.leastOf(operation, 'a')).toBeGreaterThan(held);
  }
});

test('a write of an operation as a whole concerns each of its resources, and no other operation', () => {
  const { allows, generations } = startGenerations();
  const before = generations.current;
  generations.hold('write', ['list'], 1_000);
  expect([allows('a', before, 'list'), allows('a', generations.current, 'list')]).toEqual([false, false]);
  expect(allows('a', before)).toBe(true);
  generations.release('write', ['list']);
  expect([allows('a', before, 'list'), allows('a', generations.current, 'list')]).toEqual([false, true]);
});

test('beyond the resources that are remembered, all that is as old as a forgotten write is out of date', () => {
  const { allows, generations, write } = startGenerations(2);
  const reads = [generations.current];
  for (const name of ['a', 'b', 'c']) {
    write(name);
    reads.push(generations.current);
  }
  expect(reads.map((generation) => allows('z', generation))).toEqual([false, true, true, true]);
  expect(reads.map((generation) => allows('a', generation))).toEqual([false, true, true, true]);
  expect(reads.map((generation) => allows('b', generation))).toEqual([false, false, true, true]);
  // The one that was written again is not the oldest any more.
  write('b');
  write('d');
  expect(reads.map((generation) => allows('z', generation))).toEqual([false, false, false, true]);
});

test('after writes may have been missed, all that was read is out of date', () => {
  const { allows, generations, write } = startGenerations();
  for (const happen of [() => {}, () => write('a')]) {
    happen();
    const before = generations.current;
    generations.renew();
    expect([allows('b', before), allows('b', generations.current)]).toEqual([false, true]);
    expect(generations.leastOf('read', 'b')).toBe(generations.current);
  }
});
