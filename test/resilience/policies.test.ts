import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { CallObserver } from '../../src/datasources/upstream/attempt.ts';
import { createBreaker } from '../../src/datasources/upstream/resilience/breaker.ts';
import type { Breaker } from '../../src/datasources/upstream/resilience/breaker.ts';
import type { BreakerOptions, CallOutcome } from '../../src/datasources/upstream/resilience/breaker.ts';
import { createBulkhead } from '../../src/datasources/upstream/resilience/bulkhead.ts';
import type { Bulkhead, Place } from '../../src/datasources/upstream/resilience/bulkhead.ts';
import type { AbortListener, Cancellation } from '../../src/shared/cancellation.ts';
import { pass } from '../../src/shared/continuation.ts';
import { createCoalescer } from '../../src/datasources/upstream/resilience/coalesce.ts';
import type { CallContext, StartedCall } from '../../src/datasources/upstream/resilience/coalesce.ts';
import { createRetryBudget } from '../../src/datasources/upstream/resilience/retry-budget.ts';
import { retryDelayMs } from '../../src/datasources/upstream/resilience/retry-delay.ts';
import { createSlidingWindow } from '../../src/datasources/upstream/resilience/sliding-window.ts';
import { createTenantBreaker } from '../../src/datasources/upstream/resilience/tenant-breaker.ts';
import { createAcceptedKeys, createTenants } from '../../src/datasources/upstream/resilience/tenants.ts';

function startClock(ms = 1_000_000) {
  const clock = { ms, now: () => clock.ms };
  return clock;
}

function startBreaker(options: Partial<BreakerOptions> = {}) {
  const clock = startClock();
  const states: string[] = [];
  const breaker = createBreaker({
    now: clock.now,
    minimumCalls: 10,
    openMs: 5_000,
    probes: 2,
    onStateChange: (state) => states.push(state),
    ...options,
  });
  const call = (...outcomes: CallOutcome[]) => outcomes.map((outcome) => breaker.enter()?.(outcome));
  const repeat = (count: number, outcome: CallOutcome) =>
    call(...Array.from({ length: count }, () => outcome));
  return { breaker, clock, states, call, repeat };
}

test('the breaker opens at its failure rate, and not before its minimum of calls', () => {
  const { breaker, repeat, call } = startBreaker();
  repeat(9, 'failure');
  // A success makes ten calls of it, and opens nothing.
  call('success');
  expect([breaker.state, breaker.retryAfterMs()]).toEqual(['closed', 0]);
  call('failure');
  expect(breaker.state).toBe('open');
  expect(breaker.enter()).toBeUndefined();
  expect(breaker.retryAfterMs()).toBe(5_000);
});

test('the breaker stays closed below its failure rate', () => {
  const { breaker, repeat } = startBreaker();
  repeat(51, 'success');
  repeat(50, 'failure');
  expect(breaker.state).toBe('closed');
  repeat(1, 'failure');
  expect(breaker.state).toBe('open');
});

test('the breaker forgets what is older than its window, a tenth at a time', () => {
  const { breaker, clock, repeat } = startBreaker({ windowMs: 10_000 });
  repeat(9, 'failure');
  clock.ms += 10_000;
  repeat(9, 'failure');
  expect(breaker.state).toBe('closed');
  clock.ms += 5_000;
  repeat(1, 'failure');
  expect(breaker.state).toBe('open');
});

test('a sliding window forgets each tenth of it in turn, whatever the clock skips', () => {
  const clock = startClock();
  const window = createSlidingWindow(10_000, clock.now);
  const totals = () => Object.values(window.totals());
  for (let tenth = 0; tenth < 10; tenth += 1) {
    window.add(2 ** tenth, 1);
    window.add(0, 1);
    clock.ms += 1_000;
  }
  // The first tenth is over.
  expect(totals()).toEqual([1_023 - 1, 20 - 2]);
  clock.ms += 999;
  expect(totals()).toEqual([1_023 - 1, 20 - 2]);
  clock.ms += 1;
  expect(totals()).toEqual([1_023 - 3, 20 - 4]);
  clock.ms += 3_000;
  expect(totals()).toEqual([1_023 - 31, 20 - 10]);
  window.add(5, 0);
  clock.ms += 9_000;
  expect(totals()).toEqual([5, 0]);
  clock.ms += 1_000;
  expect(totals()).toEqual([0, 0]);
  window.add(7, 7);
  window.clear();
  window.add(1, 2);
  expect(totals()).toEqual([1, 2]);
  clock.ms += 1_000_000;
  expect(totals()).toEqual([0, 0]);
});

test('outcomes that say nothing count neither as failures nor as successes', () => {
  const { breaker, repeat } = startBreaker();
  repeat(100, 'ignored');
  repeat(9, 'failure');
  expect(breaker.state).toBe('closed');
  repeat(1, 'failure');
  expect(breaker.state).toBe('open');
});

test('a half-open breaker lets its probes through, and closes when all succeed', () => {
  const { breaker, clock, states, repeat } = startBreaker();
  repeat(10, 'failure');
  clock.ms += 4_999;
  expect(breaker.allows()).toBe(false);
  clock.ms += 1;
  expect(breaker.allows()).toBe(true);
  const probes = [breaker.enter()];
  expect(breaker.allows()).toBe(true);
  probes.push(breaker.enter());
  expect(breaker.allows()).toBe(false);
  expect(breaker.enter()).toBeUndefined();
  probes[0]?.('success');
  expect([breaker.allows(), breaker.enter()]).toEqual([false, undefined]);
  probes[1]?.('success');
  expect(states).toEqual(['open', 'half_open', 'closed']);
  // What failed before is forgotten.
  repeat(9, 'failure');
  expect(breaker.state).toBe('closed');
});

test('a half-open breaker opens again when a probe fails', () => {
  const { breaker, clock, states, repeat, call } = startBreaker();
  repeat(10, 'failure');
  clock.ms += 5_000;
  call('success', 'failure');
  expect(states).toEqual(['open', 'half_open', 'open']);
  expect(breaker.retryAfterMs()).toBe(5_000);
});

test('a probe whose caller left gives its place to another one', () => {
  const { breaker, clock, repeat, call } = startBreaker();
  repeat(10, 'failure');
  clock.ms += 5_000;
  call('ignored', 'ignored', 'ignored', 'success', 'success');
  expect(breaker.state).toBe('closed');
});

test('a call that went out before the breaker opened does not decide what comes after', () => {
  const { breaker, clock, states, repeat } = startBreaker();
  const late = Array.from({ length: 10 }, () => breaker.enter());
  repeat(10, 'failure');
  clock.ms += 5_000;
  const probes = [breaker.enter(), breaker.enter()];
  for (const report of late) report?.('failure');
  expect(breaker.state).toBe('half_open');
  // Nor does a probe of an earlier round.
  probes[0]?.('failure');
  clock.ms += 5_000;
  const probe = breaker.enter();
  probes[1]?.('failure');
  expect(states).toEqual(['open', 'half_open', 'open', 'half_open']);
  probe?.('success');
});

test('while probes are out, others are told to come back in about the time that they take', () => {
  const { breaker, clock, repeat } = startBreaker();
  repeat(10, 'failure');
  clock.ms += 5_000;
  breaker.enter();
  expect(breaker.retryAfterMs()).toBe(1_000);
});

test('failures of one tenant alone do not open the breaker of all', () => {
  const clock = startClock();
  const origin = createBreaker({ now: clock.now, minimumCalls: 20 });
  const tenant = () =>
    createTenantBreaker(createBreaker({ now: clock.now, minimumCalls: 10 }), origin, {
      maxFailures: 10,
      now: clock.now,
    });
  const [first, second, third] = [tenant(), tenant(), tenant()];
  const inFlight = Array.from({ length: 40 }, () => first.enter());
  for (const report of inFlight) report?.('failure');
  expect([first.state, origin.state]).toEqual(['open', 'closed']);
  expect([first.allows(), first.retryAfterMs(), first.enter()]).toEqual([false, 5_000, undefined]);
  expect([second.allows(), second.retryAfterMs()]).toEqual([true, 0]);
  for (let call = 0; call < 10; call += 1) second.enter()?.('failure');
  expect([second.state, origin.state, third.state]).toEqual(['open', 'open', 'open']);
  expect(third.allows()).toBe(false);
  expect(third.enter()).toBeUndefined();

  clock.ms += 5_000;
  // Half open, a tenant with a failure of its own says nothing about the others.
  first.enter()?.('failure');
  expect(origin.state).toBe('half_open');
  for (let probe = 0; probe < 3; probe += 1) second.enter()?.('success');
  expect([second.state, origin.state, third.state]).toEqual(['closed', 'closed', 'closed']);
});

test('no more failures of a tenant count for all than it may have in a window, but each probe does', () => {
  const clock = startClock();
  const origin = createBreaker({ now: clock.now, minimumCalls: 20 });
  const tenant = (maxFailures: number, minimumCalls = 100) =>
    createTenantBreaker(createBreaker({ now: clock.now, minimumCalls }), origin, {
      maxFailures,
      now: clock.now,
    });
  const call = (breaker: Breaker, times: number, outcome: CallOutcome) => {
    for (let count = 0; count < times; count += 1) breaker.enter()?.(outcome);
  };
  const [failing, healthy, late] = [tenant(10), tenant(10), tenant(0, 10)];
  call(failing, 20, 'failure');
  call(healthy, 12, 'success');
  call(healthy, 1, 'failure');
  // 11 of 23.
  expect(origin.state).toBe('closed');
  call(healthy, 9, 'failure');
  expect(origin.state).toBe('open');
  clock.ms += 5_000;
  call(late, 1, 'failure');
  expect(origin.state).toBe('open');
  // What is refused counts for nobody.
  call(late, 100, 'success');
  clock.ms += 5_000;
  call(healthy, 3, 'success');
  expect([origin.state, late.state]).toEqual(['closed', 'closed']);
  call(late, 10, 'failure');
  expect([origin.state, late.state]).toEqual(['closed', 'open']);
});

test('a tenant that fails, recovers and fails again does not open the breaker of all', () => {
  const clock = startClock();
  const origin = createBreaker({ now: clock.now, minimumCalls: 20, failureRate: 0.51 });
  const tenant = (maxFailures: number) =>
    createTenantBreaker(createBreaker({ now: clock.now, minimumCalls: 10 }), origin, {
      maxFailures,
      now: clock.now,
    });
  const [moody, stranger, healthy] = [tenant(10), tenant(0), tenant(10)];
  const report = (breaker: Breaker, outcome: 'success' | 'failure', times: number) => {
    for (let call = 0; call < times; call += 1) breaker.enter()?.(outcome);
  };
  report(healthy, 'success', 2);
  report(stranger, 'failure', 10);
  for (let round = 0; round < 3; round += 1) {
    report(moody, 'failure', 10);
    expect([moody.state, origin.state]).toEqual(['open', 'closed']);
    clock.ms += 5_000;
    report(moody, 'success', 3);
    expect([moody.state, origin.state]).toEqual(['closed', 'closed']);
  }
});

test('the retry budget is a share of the recent calls and a floor', () => {
  const clock = startClock();
  const budget = createRetryBudget({ now: clock.now, share: 0.2, floor: 10, windowMs: 10_000 });
  const spend = () => {
    let retries = 0;
    while (budget.withdraw()) retries += 1;
    return retries;
  };
  expect(spend()).toBe(10);
  for (let calls = 0; calls < 1_000; calls += 1) budget.deposit();
  expect(budget.remaining()).toBe(200);
  expect(spend()).toBe(200);
  clock.ms += 10_000;
  expect(spend()).toBe(10);
});

test('the pause before a retry has full jitter and doubles', () => {
  const failure = { kind: 'unavailable', reason: 'ECONNRESET' } as const;
  const longest = [1, 2, 3, 10].map((attempt) => retryDelayMs(failure, attempt, () => 1));
  expect(longest).toEqual([50, 100, 200, 1_000]);
  expect(retryDelayMs(failure, 1, () => 0)).toBe(0);
  expect(retryDelayMs({ kind: 'timeout', phase: 'connect' }, 1, () => 1)).toBe(50);
});

test('Retry-After is the least that a retry waits', () => {
  const random = () => 0.5;
  expect(retryDelayMs({ kind: 'rate_limited', retryAfterMs: 7_000 }, 1, random)).toBe(7_025);
  const unavailable = { kind: 'unavailable', reason: 'http_503', retryAfterMs: 2_000 } as const;
  expect(retryDelayMs(unavailable, 1, random)).toBe(2_025);
});

test('a Retry-After beyond half a minute is not waited for, even without a deadline', () => {
  const random = () => 0;
  expect(retryDelayMs({ kind: 'rate_limited', retryAfterMs: 30_000 }, 1, random)).toBe(30_000);
  expect(retryDelayMs({ kind: 'rate_limited', retryAfterMs: 30_001 }, 1, random)).toBeUndefined();
});

test.each([
  { kind: 'timeout', phase: 'attempt' },
  { kind: 'timeout', phase: 'deadline' },
  { kind: 'invalid_response', reason: 'not_json' },
  { kind: 'overloaded', retryAfterMs: 1_000 },
] as const)('%j is not retried', (failure) => {
  expect(retryDelayMs(failure, 1, () => 0)).toBeUndefined();
});

const { signal: never } = new AbortController();

/** Enters a call. Returns its place, or the promise of it where the call waits. */
function enter(bulkhead: Bulkhead, key: string, signal: Cancellation = never): Place | Promise<Place> {
  const { promise, resolve } = Promise.withResolvers<Place>();
  const place = bulkhead.enter(key, signal, { onPlace: resolve });
  return place === 'waits' ? promise : place;
}

test('the bulkhead bounds what is in flight and what waits', async () => {
  const bulkhead = createBulkhead({ capacity: 2, queue: 1 });
  expect(enter(bulkhead, 'a')).toBe('entered');
  expect(enter(bulkhead, 'a')).toBe('entered');
  const waiting = enter(bulkhead, 'a');
  expect(waiting).toBeInstanceOf(Promise);
  expect(enter(bulkhead, 'a')).toBe('full');
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([2, 1]);
  expect(['a', 'b'].map(bulkhead.backlogOf)).toEqual([1, 0]);
  bulkhead.leave('a');
  await waiting;
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([2, 0]);
  bulkhead.leave('a');
  bulkhead.leave('a');
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([0, 0]);
});

test('one key cannot take more than its share, in flight or waiting', () => {
  const bulkhead = createBulkhead({ capacity: 4, capacityPerKey: 2, queue: 4, queuePerKey: 2 });
  const placeOf = (key: string) => bulkhead.enter(key, never, { onPlace() {} });
  expect(['a', 'a', 'a'].map(placeOf)).toEqual(['entered', 'entered', 'waits']);
  expect(bulkhead.backlogOf('a')).toBe(0.5);
  expect(['a', 'a'].map(placeOf)).toEqual(['waits', 'full']);
  expect(placeOf('b')).toBe('entered');
  // The place that is free again is none for the key that has its share.
  bulkhead.leave('b');
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([2, 2]);
  expect(['b', 'b', 'b'].map(placeOf)).toEqual(['entered', 'entered', 'waits']);
  expect(placeOf('c')).toBe('waits');
});

test('in a full queue the key with the most calls makes room for others', async () => {
  const bulkhead = createBulkhead({ capacity: 1, queue: 4 });
  void enter(bulkhead, 'z');
  const places = ['a', 'a', 'a', 'b'].map((key) => enter(bulkhead, key));
  const newcomer = enter(bulkhead, 'c');
  expect(newcomer).toBeInstanceOf(Promise);
  await expect(places[2]).resolves.toBe('full');
  // Now a has two: b and c, who have one each, gain nothing by changing places with it.
  expect(enter(bulkhead, 'c')).toBe('full');
  expect(enter(bulkhead, 'a')).toBe('full');
  expect(bulkhead.queued).toBe(4);
});

test('keys that wait are served in turn, each first in, first out', async () => {
  const bulkhead = createBulkhead({ capacity: 1 });
  void enter(bulkhead, 'z');
  const served: string[] = [];
  const queue = ['a1', 'a2', 'a3', 'b1', 'b2'];
  const places = queue.map(async (name) => {
    const [key = ''] = name;
    await enter(bulkhead, key);
    served.push(name);
    bulkhead.leave(key);
  });
  bulkhead.leave('z');
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([1, 4]);
  await Promise.all(places);
  expect(served).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
});

test('a key without calls has no place ahead of those that came since', async () => {
  const bulkhead = createBulkhead({ capacity: 1, queue: 4 });
  void enter(bulkhead, 'ended');
  bulkhead.leave('ended');
  void enter(bulkhead, 'z');
  const leaving = new AbortController();
  const aborted = enter(bulkhead, 'aborted', leaving.signal);
  const passing = ['x', 'y', 'w'].map(async (key) => {
    await enter(bulkhead, key);
    bulkhead.leave(key);
  });
  expect(enter(bulkhead, 'refused')).toBe('full');
  leaving.abort();
  await expect(aborted).resolves.toBe('aborted');
  bulkhead.leave('z');
  await Promise.all(passing);

  void enter(bulkhead, 'z');
  const served: string[] = [];
  const queue = ['other', 'ended', 'aborted', 'refused'];
  const places = queue.map(async (key) => {
    await enter(bulkhead, key);
    served.push(key);
    bulkhead.leave(key);
  });
  bulkhead.leave('z');
  await Promise.all(places);
  expect(served).toEqual(queue);
});

test('a call that is aborted while it waits gives up its place in the queue', async () => {
  const bulkhead = createBulkhead({ capacity: 1, queue: 1 });
  void enter(bulkhead, 'a');
  const leaving = new AbortController();
  const place = enter(bulkhead, 'a', leaving.signal);
  leaving.abort();
  await expect(place).resolves.toBe('aborted');
  expect(bulkhead.queued).toBe(0);
  const leavingLate = new AbortController();
  const next = enter(bulkhead, 'a', leavingLate.signal);
  bulkhead.leave('a');
  await next;
  // It waits no more: its caller is the transport's to watch.
  leavingLate.abort();
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([1, 0]);
});

test('a shared call ends with the last of its callers, and outlives the others', async () => {
  const coalescer = createCoalescer<string>();
  const callers = [new AbortController(), new AbortController()] as const;
  let shared: Cancellation | undefined;
  const start = (call: StartedCall<string>) => {
    shared = call.signal;
    shared.addEventListener('abort', () => pass(Promise.reject(call.signal.reason), call));
  };
  const results = callers.map(({ signal }) => coalescer.run('key', { signal }, start));
  const left = [new Error('first left'), new Error('last left')];
  callers[0].abort(left[0]);
  await expect(results[0]).rejects.toBe(left[0]);
  expect(shared?.aborted).toBe(false);
  callers[1].abort(left[1]);
  // Nobody joins a call that is being aborted, and its end is not that of the next one.
  const next = Promise.withResolvers<string>();
  const fresh = coalescer.run('key', {}, (call) => pass(next.promise, call));
  await expect(results[1]).rejects.toBe(left[1]);
  expect(shared?.aborted).toBe(true);
  const joined = coalescer.run('key', {}, start);
  next.resolve('fresh');
  await expect(Promise.all([fresh, joined])).resolves.toEqual(['fresh', 'fresh']);
});

test('those who stay get what a shared call comes to, and are not listened to any more', async () => {
  const coalescer = createCoalescer<string>();
  const listeners = new Set<AbortListener>();
  const signal: Cancellation = {
    aborted: false,
    reason: undefined,
    addEventListener: (_type, listener) => listeners.add(listener),
    removeEventListener: (type, listener) => void (type === 'abort' && listeners.delete(listener)),
  };
  for (const settle of ['resolve', 'reject'] as const) {
    const call = Promise.withResolvers<string>();
    const leaving = new AbortController();
    const left = coalescer.run('key', { signal: leaving.signal }, (shared) => pass(call.promise, shared));
    const stays = coalescer.run('key', { signal }, (second) => second.reject(new Error('a second call')));
    leaving.abort();
    await expect(left).rejects.toBe(leaving.signal.reason);
    expect(listeners.size).toBe(1);
    call[settle](settle);
    const [result] = await Promise.allSettled([stays]);
    expect(Object.values(result)).toContain(settle);
    expect(listeners.size).toBe(0);
  }
});

test('a shared call is observed by the first of those who still wait, and by nobody without any', async () => {
  const coalescer = createCoalescer<string>();
  const callers = ['one', 'other'].map((caller) => ({
    leaving: new AbortController(),
    observer: { caller } as CallObserver,
  }));
  let shared: CallContext | undefined;
  const results = callers.map(({ leaving, observer }) =>
    coalescer.run('key', { signal: leaving.signal, observer, deadlineAtMs: 5 }, (context) => {
      shared = context;
    }),
  );
  const seen = [];
  for (const { leaving } of callers) {
    seen.push(shared?.observer?.caller);
    leaving.abort();
  }
  await Promise.allSettled(results);
  expect(seen).toEqual(['one', 'other']);
  expect([shared?.observer, shared?.deadlineAtMs]).toEqual([undefined, 0]);
});

test('a shared call leaves nothing in memory', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const coalescer = createCoalescer<number>();
  const run = async (calls: number) => {
    for (let call = 0; call < calls; call += 1) {
      await coalescer.run(`${call}`.padStart(200), {}, (started) => started.resolve(call));
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await run(1_000);
  // Their keys alone are 10 MB.
  expect((await run(50_000)) - before).toBeLessThan(3_000_000);
});

test('a shared call that cannot be started fails, and the next one is started', async () => {
  const coalescer = createCoalescer<string>();
  const defect = new Error('a defect');
  const failed = coalescer.run('key', {}, () => {
    throw defect;
  });
  await expect(failed).rejects.toBe(defect);
  await expect(coalescer.run('key', {}, (call) => call.resolve('fresh'))).resolves.toBe('fresh');
});

test('a caller that has left before starts no shared call', async () => {
  const coalescer = createCoalescer<string>();
  const signal = AbortSignal.abort(new Error('left'));
  let starts = 0;
  const start = (call: StartedCall<string>) => call.resolve(String((starts += 1)));
  await expect(coalescer.run('key', { signal }, start)).rejects.toBe(signal.reason);
  expect(starts).toBe(0);
});

test('a shared call goes on as long as the caller with the latest deadline', async () => {
  const coalescer = createCoalescer<number>();
  let call: StartedCall<number> | undefined;
  const first = coalescer.run('key', { deadlineAtMs: 5 }, (started) => {
    call = started;
  });
  const second = coalescer.run('key', { deadlineAtMs: 9 }, (started) => started.resolve(0));
  call?.resolve(call.deadlineAtMs);
  await expect(Promise.all([first, second])).resolves.toEqual([9, 9]);
});

function startTenants() {
  const clock = startClock();
  const states: string[] = [];
  const acceptedKeys = createAcceptedKeys();
  const tenants = createTenants({
    acceptedKeys,
    now: clock.now,
    onStateChange: (state) => states.push(`all ${state}`),
    onTenantStateChange: (state) => states.push(`one ${state}`),
  });
  for (const key of ['a', 'b']) acceptedKeys.add(key);
  const call = (key: string, times: number, outcome: CallOutcome) => {
    for (let count = 0; count < times; count += 1) tenants.of(key).breaker.enter()?.(outcome);
  };
  return { acceptedKeys, call, clock, states, tenants };
}

test('each accepted key is a tenant, and all others are one', () => {
  const { acceptedKeys, tenants } = startTenants();
  expect(['a', 'b', 'c', 'd'].map((key) => tenants.of(key).key)).toEqual(['a', 'b', '', '']);
  expect(tenants.of('a')).toBe(tenants.of('a'));
  expect(tenants.of('c')).toBe(tenants.of('d'));
  acceptedKeys.delete('a');
  expect(tenants.of('a')).toBe(tenants.of('c'));
});

test('a tenant fails alone at 20 failures, and two of them show that the service fails', () => {
  const { call, states, tenants } = startTenants();
  call('stranger', 100, 'failure');
  expect(states).toEqual(['one open']);
  call('a', 19, 'failure');
  expect(states).toEqual(['one open']);
  call('a', 1, 'failure');
  expect([states.slice(1), tenants.breakerState()]).toEqual([['one open'], 'closed']);
  call('b', 20, 'failure');
  expect([states.slice(2), tenants.breakerState()]).toEqual([['one open', 'all open'], 'open']);
});

test('as many successes as failures of a tenant keep the breaker of all closed', () => {
  const { call, clock, tenants } = startTenants();
  call('b', 20, 'success');
  call('a', 20, 'failure');
  expect(tenants.breakerState()).toBe('closed');
  // Its failures count no more, however often it recovers.
  clock.ms += 5_000;
  call('a', 3, 'success');
  call('a', 20, 'failure');
  expect([tenants.of('a').breaker.state, tenants.breakerState()]).toEqual(['open', 'closed']);
});

test('the retries that are left are those of the tenant with the fewest', () => {
  const { tenants } = startTenants();
  const left = ['a', 'a', 'b', 'stranger', 'stranger', 'stranger'].map((key) => {
    tenants.of(key).retryBudget.withdraw();
    return tenants.retriesLeft();
  });
  expect(left).toEqual([9, 8, 8, 8, 8, 7]);
});

test('of accepted keys the one that was used least recently is forgotten, beyond 10,000', () => {
  const keys = createAcceptedKeys();
  for (let key = 0; key < 10_000; key += 1) keys.add(String(key));
  expect(keys.has('0')).toBe(true);
  keys.add('one more');
  expect(['0', '1', '2', 'one more'].map(keys.has)).toEqual([true, false, true, true]);
});
