import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createAdmission } from '../../src/server/admission/admission.ts';
import type { AdmissionOptions } from '../../src/server/admission/admission.ts';
import { createCallers } from '../../src/server/admission/callers.ts';
import { createCallerAccount } from '../../src/server/http/caller-account.ts';
import type { CallerAccount } from '../../src/server/http/caller-account.ts';

/** An admission on a clock of the test's, and requests of named callers. */
function startAdmission(options: Partial<AdmissionOptions> = {}) {
  let nowMs = 1_000;
  const admission = createAdmission({ maxDelayMs: 250, sliceMs: 10, now: () => nowMs, ...options });
  const accounts = new Map<string, ReturnType<typeof createCallerAccount>>();
  const accountOf = (caller: string) => {
    const account = accounts.get(caller) ?? createCallerAccount(caller);
    accounts.set(caller, account);
    return account;
  };
  const started: string[] = [];
  const refused: string[] = [];
  return {
    admission,
    accountOf,
    started,
    refused,
    /** @param tookMs how long the request keeps the event loop busy, and how many reads it has under way from then on */
    enter(name: string, { caller = 'one', tookMs = 0, reads = 0 } = {}) {
      const start = () => {
        started.push(name);
        nowMs += tookMs;
        admission.charge(accountOf(caller), reads);
      };
      const turn = admission.enter(accountOf(caller));
      if (turn === undefined) start();
      else void turn.then((isAdmitted) => (isAdmitted ? start() : refused.push(name)));
    },
    /** Lets time pass, during which no request is started. */
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

test('a turn of the event loop starts requests for one slice, and the next turn goes on', async () => {
  const { enter, started } = startAdmission();
  for (const name of ['1', '2', '3', '4', '5']) enter(name, { tookMs: 4 });
  expect(started).toEqual([]);
  await setImmediate();
  expect(started).toEqual(['1', '2', '3']);
  await setImmediate();
  expect(started).toEqual(['1', '2', '3', '4', '5']);
});

test('whoever comes while there is time left is started at once, and not before those who wait', async () => {
  const { enter, started, pass } = startAdmission();
  enter('1');
  await setImmediate();
  pass(9);
  enter('2');
  expect(started).toEqual(['1', '2']);
  pass(1);
  enter('3');
  pass(-1);
  enter('4');
  expect(started).toEqual(['1', '2']);
  await setImmediate();
  expect(started).toEqual(['1', '2', '3', '4']);
});

test('each turn starts a request, however short its slice is', async () => {
  const { enter, started } = startAdmission({ sliceMs: 0 });
  for (const name of ['1', '2', '3']) enter(name);
  for (const count of [1, 2, 3]) {
    await setImmediate();
    expect(started).toHaveLength(count);
  }
});

test('callers are served in turn, however many requests one of them has waiting', async () => {
  const { enter, started } = startAdmission();
  for (const name of ['1', '2', '3']) enter(`flood ${name}`, { caller: 'flood' });
  enter('a', { caller: 'other' });
  enter('b', { caller: 'third' });
  await setImmediate();
  expect(started).toEqual(['flood 1', 'a', 'b', 'flood 2', 'flood 3']);
});

test('what was read is gone on with before anything new is started', async () => {
  const { admission, enter, started } = startAdmission();
  enter('new');
  void admission.resume().then(() => started.push('resumed'));
  await setImmediate();
  expect(started).toEqual(['resumed', 'new']);
});

test('many that go on at the same moment do so a slice at a time, also where a slice has just begun', async () => {
  const { admission, enter, started, pass } = startAdmission();
  enter('new');
  await setImmediate();
  const resume = async (name: string) => {
    await admission.resume();
    started.push(name);
    pass(10);
  };
  for (const name of ['1', '2', '3']) void resume(name);
  expect(started).toEqual(['new']);
  for (const count of [2, 3, 4]) {
    await setImmediate();
    expect(started).toHaveLength(count);
  }
});

test('what goes on after a slice is not forgotten in it', async () => {
  const { admission, enter, pass, started } = startAdmission();
  enter('long', { tookMs: 10 });
  const resume = async (name: string) => {
    await admission.resume();
    started.push(name);
    pass(10);
  };
  for (const name of ['1', '2']) void resume(name);
  for (const count of [1, 2, 3]) {
    await setImmediate();
    expect(started).toHaveLength(count);
  }
});

/** A scene in which `count` requests of a caller have waited since 1,000. */
function startQueue(
  count: number,
  { tookMs = 5, ...options }: Partial<AdmissionOptions & { tookMs: number }> = {},
) {
  const scene = startAdmission({ maxDelayMs: 100_000, ...options });
  for (let index = 0; index < count; index += 1) scene.enter(`old ${index}`, { tookMs });
  const isOpen = (caller = 'one') => scene.admission.isOpenTo(scene.accountOf(caller));
  return { ...scene, isOpen };
}

test('a queue of 50 stands once it was not empty for more than 100 ms', () => {
  const { admission, isOpen, pass } = startQueue(50);
  pass(100);
  admission.adapt(true);
  expect(isOpen()).toBe(true);
  pass(1);
  admission.adapt(true);
  expect([isOpen(), isOpen('other')]).toEqual([false, true]);
});

test('a shorter queue is waited for, however long it takes', async () => {
  const { admission, isOpen, pass, refused } = startQueue(49, { maxDelayMs: 100 });
  pass(10_000);
  admission.adapt(true);
  await Promise.resolve();
  expect([isOpen(), refused]).toEqual([true, []]);
});

test('a burst is refused after the longest wait, and not before', async () => {
  const { admission, pass, refused } = startQueue(50, { maxDelayMs: 50 });
  for (const count of [0, 50]) {
    pass(count === 0 ? 50 : 1);
    admission.adapt(true);
    await Promise.resolve();
    expect(refused).toHaveLength(count);
  }
});

test('a queue that stands has room for what was started in the last 100 ms', async () => {
  // 10 of them are started in each turn of 50 ms.
  const { admission, enter, isOpen, refused } = startQueue(99, { sliceMs: 50 });
  const open: boolean[] = [];
  for (let turns = 0; turns < 8; turns += 1) {
    await setImmediate();
    admission.adapt(true);
    // It is still the same window.
    admission.adapt(true);
    open.push(isOpen());
  }
  // 89 and 79 wait and do not stand yet, then 69 and fewer do, and 19 at last.
  expect(open).toEqual([true, true, false, false, false, false, false, true]);
  enter('new');
  expect(isOpen()).toBe(false);
  expect(refused).toEqual([]);
});

test('a queue that stands has room for 10, and stands until its last request is started', async () => {
  // One is started in each turn, and two in 100 ms.
  const { admission, enter, isOpen, pass, refused, started } = startQueue(50, { tookMs: 50 });
  pass(101);
  admission.adapt(true);
  for (let turns = 0; turns < 40; turns += 1) {
    await setImmediate();
    admission.adapt(true);
  }
  expect([started.length, isOpen()]).toEqual([40, false]);
  await setImmediate();
  expect(isOpen()).toBe(true);
  enter('new');
  expect(isOpen()).toBe(false);
  // Two fifths of the longest wait, which it may take.
  pass(40_000);
  admission.adapt(true);
  await Promise.resolve();
  expect([started.length, refused.length]).toEqual([41, 9]);
  await setImmediate();
  expect(started.at(-1)).toBe('new');
  pass(10);
  for (let count = 0; count < 20; count += 1) enter(`burst ${count}`);
  expect(isOpen()).toBe(true);
});

test('to refuse a caller at the door counts as overload, too', () => {
  const { admission, isOpen, pass } = startQueue(50);
  pass(999);
  admission.adapt(true);
  expect([isOpen(), admission.isOverloaded()]).toEqual([false, false]);
  pass(1);
  expect([isOpen(), admission.isOverloaded()]).toEqual([false, true]);
  pass(1_999);
  expect(admission.isOverloaded()).toBe(true);
  pass(1);
  expect(admission.isOverloaded()).toBe(false);
});

test.each([
  ['a request of another caller has started at once', true, 999, false],
  ['a request of another caller has started at once', true, 1_000, true],
  ['only a caller has started one that was refused a second ago', false, 999, true],
])('where %s (%s), the process is overloaded after %i ms: %s', async (...row) => {
  const [, startsOther, waitedMs, isOverloaded] = row;
  const { admission, enter, pass, refused, started } = startQueue(50, { maxDelayMs: 1_000 });
  const refuseAll = async (afterMs: number) => {
    pass(afterMs);
    admission.adapt(true);
    await Promise.resolve();
  };
  await refuseAll(500);
  expect([refused.length, admission.isOverloaded()]).toEqual([50, false]);
  await setImmediate();
  pass(1_000);
  enter('again', { tookMs: startsOther ? 0 : 10 });
  await setImmediate();
  if (startsOther) enter('other', { caller: 'other', tookMs: 10 });
  expect(started).toEqual(startsOther ? ['again', 'other'] : ['again']);
  for (let count = 0; count < 50; count += 1) enter(`more ${count}`);
  await refuseAll(waitedMs - 10);
  expect(refused).toHaveLength(100);
  expect(admission.isOverloaded()).toBe(isOverloaded);
});

test.each<[string, [string, number][], string, boolean]>([
  ['a caller that has less than all of it', [['a', 99]], 'a', true],
  ['a caller that has all of it', [['a', 100]], 'a', false],
  [
    'a caller above its share while some is left',
    [
      ['a', 60],
      ['b', 39],
    ],
    'a',
    true,
  ],
  [
    'a caller without any',
    [
      ['a', 60],
      ['b', 40],
    ],
    'c',
    true,
  ],
  [
    'a caller below its share',
    [
      ['a', 80],
      ['b', 49],
    ],
    'b',
    true,
  ],
  [
    'a caller with its share',
    [
      ['a', 80],
      ['b', 50],
    ],
    'b',
    false,
  ],
  [
    'a caller below its share of what is nearly twice as much',
    [
      ['a', 150],
      ['b', 49],
    ],
    'c',
    true,
  ],
  [
    'a caller below its share of what is twice as much',
    [
      ['a', 150],
      ['b', 50],
    ],
    'c',
    false,
  ],
  [
    'a caller beside one with two operations',
    [
      ['a', 40],
      ['a', 40],
      ['b', 49],
    ],
    'b',
    true,
  ],
  [
    'a caller beside one whose operation reads nothing',
    [
      ['a', 80],
      ['b', 49],
      ['c', 0],
    ],
    'b',
    true,
  ],
  [
    'a caller beside one that is done',
    [
      ['a', 80],
      ['b', 49],
      ['c', 10],
      ['c', -10],
    ],
    'b',
    true,
  ],
  [
    'a caller beside one that is half done',
    [
      ['a', 80],
      ['b', 40],
      ['c', 10],
      ['c', -5],
    ],
    'b',
    false,
  ],
  [
    'a caller beside one that gives nothing back',
    [
      ['a', 80],
      ['b', 60],
      ['c', -0],
    ],
    'b',
    false,
  ],
  [
    'a caller that has given much back',
    [
      ['a', 120],
      ['a', -110],
      ['b', 100],
    ],
    'a',
    true,
  ],
])('of 100 reads under way, %s may start more: %j %s %s', async (_case, charges, caller, mayStart) => {
  const { admission, accountOf, enter, started } = startAdmission({ busyCapacity: 100 });
  admission.adapt(true);
  enter('first');
  await setImmediate();
  for (const [name, reads] of charges) {
    if (reads < 0 || Object.is(reads, -0)) admission.release(accountOf(name), -reads);
    else admission.charge(accountOf(name), reads);
  }
  enter('next', { caller });
  expect(started).toEqual(mayStart ? ['first', 'next'] : ['first']);
});

test('a burst is waited for; a queue that stands is answered newest first, and what waited too long is refused', async () => {
  const { admission, accountOf, enter, started, refused, pass } = startAdmission({ maxDelayMs: 1_000 });
  for (let count = 1; count <= 20; count += 1) enter(`burst ${count}`, { tookMs: 10 });
  for (let turns = 0; turns < 20; turns += 1) {
    await setImmediate();
    admission.adapt(true);
  }
  expect(started).toHaveLength(20);
  expect([refused, admission.isOverloaded()]).toEqual([[], false]);

  started.length = 0;
  for (let count = 1; count <= 100; count += 1) enter(`old ${count}`, { tookMs: 10 });
  pass(95);
  await setImmediate();
  admission.adapt(true);
  expect(admission.isOpenTo(accountOf('one'))).toBe(false);
  expect(admission.isOpenTo(accountOf('other'))).toBe(true);
  enter('new', { tookMs: 10 });
  await setImmediate();
  expect(started).toEqual(['old 1', 'new']);
  pass(300);
  admission.adapt(true);
  await setImmediate();
  expect(refused).toContain('old 2');
  expect(refused).not.toContain('new');
});

/** A caller that always has 200 requests waiting, of which one is started in each turn of 10 ms. */
async function overload(
  { admission, accountOf, enter }: ReturnType<typeof startAdmission>,
  turns: number,
  eachTurn = () => {},
): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    while (accountOf('flood').waiting.size < 200) enter('flood', { caller: 'flood', tookMs: 10 });
    eachTurn();
    await setImmediate();
    admission.adapt(true);
  }
}

test('a process that refuses whoever asks for a second counts as overloaded, until two seconds after it', async () => {
  const scene = startAdmission({ maxDelayMs: 1_000 });
  await overload(scene, 100);
  expect(scene.admission.isOverloaded()).toBe(false);
  await overload(scene, 100);
  expect(scene.admission.isOverloaded()).toBe(true);
  scene.pass(2_000);
  expect(scene.admission.isOverloaded()).toBe(false);
});

test('a caller that is answered soon keeps the process from counting as overloaded', async () => {
  const scene = startAdmission({ maxDelayMs: 1_000 });
  await overload(scene, 300, () => scene.enter('soon', { caller: 'other' }));
  expect(scene.admission.isOverloaded()).toBe(false);
});

test('with 0 nobody is refused, however long it takes', async () => {
  const { admission, accountOf, enter, refused, pass } = startAdmission({ maxDelayMs: 0 });
  for (let count = 1; count <= 60; count += 1) enter(String(count), { tookMs: 10 });
  pass(10_000);
  admission.adapt(true);
  await setImmediate();
  expect(admission.isOpenTo(accountOf('one'))).toBe(true);
  expect([refused, admission.isOverloaded()]).toEqual([[], false]);
});

test('while the process is busy few reads are under way at once, shared between those who want some', async () => {
  const { admission, accountOf, enter, started } = startAdmission({ busyCapacity: 100 });
  admission.adapt(true);
  for (const name of ['1', '2', '3']) enter(`large ${name}`, { reads: 60 });
  enter('small', { caller: 'other', reads: 40 });
  await setImmediate();
  expect(started).toEqual(['large 1', 'small']);
  // Whoever is below its share need not wait until others are done.
  enter('third', { caller: 'third', reads: 20 });
  await setImmediate();
  expect(started.slice(2)).toEqual(['third']);
  admission.release(accountOf('one'), 60);
  await setImmediate();
  expect(started.slice(3)).toEqual(['large 2']);
  admission.release(accountOf('one'), 60);
  await setImmediate();
  expect(started.slice(4)).toEqual(['large 3']);
});

test('with each interval in which there was time twice as many reads may be under way', async () => {
  const { admission, enter, started } = startAdmission({ busyCapacity: 100 });
  admission.adapt(true);
  for (let number = 1; number <= 9; number += 1) enter(String(number), { reads: 100 });
  await setImmediate();
  expect(started).toHaveLength(1);
  admission.adapt(false);
  await setImmediate();
  expect(started).toHaveLength(2);
  admission.adapt(false);
  await setImmediate();
  expect(started).toHaveLength(4);
  admission.adapt(true);
  await setImmediate();
  expect(started).toHaveLength(4);
});

test('accounts of callers with nothing under way are dropped, once there are more than a thousand', () => {
  const callers = createCallers();
  const busy = ['bytes', 'reads', 'waiting'].map((caller) => callers.accountOf(caller));
  const [bytes, reads, waiting] = busy as [CallerAccount, CallerAccount, CallerAccount];
  bytes.bytes = 1;
  reads.reads = 1;
  waiting.waiting.add({ sinceMs: 0, settle() {} });
  const idle = Array.from({ length: 997 }, (_, index) => callers.accountOf(`idle ${index}`));
  callers.sweep();
  expect(callers.accountOf('idle 0')).toBe(idle[0]);
  callers.accountOf('one more');
  callers.sweep();
  for (const [index, account] of busy.entries()) expect(callers.accountOf(account.caller)).toBe(busy[index]);
  expect(callers.accountOf('idle 0')).not.toBe(idle[0]);
});
