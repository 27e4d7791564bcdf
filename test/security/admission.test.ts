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
  void admission.resume()?.then(() => started.push('resumed'));
  await setImmediate();
  expect(started).toEqual(['resumed', 'new']);
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
  for (let count = 1; count <= 30; count += 1) enter(String(count), { tookMs: 10 });
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
