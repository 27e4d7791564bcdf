import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { CallObserver } from '../../src/datasources/upstream/attempt.ts';
import { UpstreamError } from '../../src/datasources/upstream/errors.ts';
import type { Failure } from '../../src/datasources/upstream/errors.ts';
import { createBulkhead } from '../../src/datasources/upstream/resilience/bulkhead.ts';
import type { BulkheadOptions } from '../../src/datasources/upstream/resilience/bulkhead.ts';
import { createChain } from '../../src/datasources/upstream/resilience/chain.ts';
import type { Attempts, ChainEvents } from '../../src/datasources/upstream/resilience/chain.ts';
import { createAcceptedKeys, createTenants } from '../../src/datasources/upstream/resilience/tenants.ts';
import { LightCancellation } from '../../src/shared/cancellation.ts';
import type { AbortListener, Cancellation } from '../../src/shared/cancellation.ts';
import { pass, promiseOf } from '../../src/shared/continuation.ts';

interface ChainScene extends BulkheadOptions {
  readonly idempotent?: boolean;
  /** As where all callers share one key. */
  readonly hasTenants?: boolean;
  readonly events?: ChainEvents;
}

/** A chain on a clock of the test's, whose retries follow at once. */
function startChain({ idempotent = true, hasTenants = true, events, ...places }: ChainScene = {}) {
  const clock = { ms: 10_000 };
  const now = () => clock.ms;
  const bulkhead = createBulkhead({ capacity: 1, ...places });
  const acceptedKeys = createAcceptedKeys();
  const tenants = createTenants({
    acceptedKeys: undefined,
    now,
    onStateChange() {},
    onTenantStateChange() {},
  });
  const chain = createChain({
    service: 'bluejay',
    operation: 'getCustomerPersona',
    idempotent,
    tenants,
    acceptedKeys: hasTenants ? acceptedKeys : undefined,
    bulkhead,
    slowMs: 1_000,
    now,
    random: () => 0,
    ...(events !== undefined && { events }),
  });
  const sent: number[] = [];
  /** One call, whose attempts all end alike. */
  const call = (
    outcome: () => Promise<string>,
    signal: Cancellation = new LightCancellation(),
    {
      deadlineAtMs = Infinity,
      caller,
    }: { deadlineAtMs?: number | undefined; caller?: string | undefined } = {},
  ) => {
    const observer = caller === undefined ? undefined : ({ caller } as CallObserver);
    const attempts: Attempts<string> = {
      send(number, continuation) {
        sent.push(number);
        pass<string | UpstreamError>(outcome(), continuation);
      },
    };
    return promiseOf<string>((continuation) =>
      chain('key', { signal, deadlineAtMs, observer }, attempts, continuation),
    );
  };
  return {
    acceptedKeys,
    bulkhead,
    chain,
    /** Takes the only place. */
    occupy() {
      expect(bulkhead.enter('another', new LightCancellation(), { onPlace() {} })).toBe('entered');
    },
    call,
    clock,
    sent,
    tenants,
    read: (signal: Cancellation) => call(() => Promise.resolve('answered'), signal),
    /** A call whose attempts all fail alike. Resolves with what it throws. */
    async fail(failure: unknown, deadlineAtMs?: number): Promise<unknown> {
      const attempt = () => Promise.reject(failure);
      const [result] = await Promise.allSettled([call(attempt, undefined, { deadlineAtMs })]);
      return result.status === 'rejected' ? result.reason : undefined;
    },
  };
}

const failing = (failure: Failure, status?: number) =>
  new UpstreamError(failure, { ...name, ...(status !== undefined && { status }) });

const name = { service: 'bluejay', operation: 'getCustomerPersona' };

const unavailable = failing({ kind: 'unavailable', reason: 'http_503' }, 503);
const unsent = failing({ kind: 'unavailable', reason: 'ECONNREFUSED', isUnsent: true });
const stale = failing({ kind: 'unavailable', reason: 'ECONNRESET', isStaleConnection: true });
const reset = failing({
  kind: 'unavailable',
  reason: 'ECONNRESET',
  isUnsent: false,
  isStaleConnection: false,
});
const timeout = failing({ kind: 'timeout', phase: 'attempt' });
const unsentTimeout = failing({ kind: 'timeout', phase: 'connect', isUnsent: true });
const rateLimited = failing({ kind: 'rate_limited', retryAfterMs: undefined }, 429);
const broken = failing({ kind: 'unexpected_status', status: 500 }, 500);
const refusedKey = failing({ kind: 'unauthenticated', reason: 'refused_key' }, 401);
const invalid = failing({ kind: 'invalid_response', reason: 'not_json' }, 200);

function aborted(): LightCancellation {
  const signal = new LightCancellation();
  signal.abort(new Error('left'));
  return signal;
}

test('a caller who has left before takes no place, and nothing is sent for it', async () => {
  const { bulkhead, read, sent } = startChain();
  const left = read(aborted());
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([0, 0]);
  await expect(left).rejects.toMatchObject({ message: 'left' });
  expect(sent).toEqual([]);
  await expect(read(new LightCancellation())).resolves.toBe('answered');
});

test('a caller who has left before does not wait for a place either', async () => {
  const { bulkhead, occupy, read, sent } = startChain();
  occupy();
  const left = read(aborted());
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([1, 0]);
  await expect(left).rejects.toMatchObject({ message: 'left' });
  bulkhead.leave('another');
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([0, 0]);
  expect(sent).toEqual([]);
});

test('nothing is planned for a caller who leaves while an attempt fails', async () => {
  const retries: string[] = [];
  const { call, sent } = startChain({ events: { onRetry: (operation) => retries.push(operation) } });
  const signal = new LightCancellation();
  const failure = failing({ kind: 'unavailable', reason: 'http_503', retryAfterMs: 29_000 });
  const left = call(() => {
    signal.abort(new Error('left'));
    return Promise.reject(failure);
  }, signal);
  await expect(left).rejects.toBe(failure);
  expect([sent, retries]).toEqual([[1], []]);
});

test.each([
  ['service is unavailable', unavailable, 3, 1],
  ['connection is refused', unsent, 3, 3],
  ['connection breaks', reset, 3, 1],
  ['connection takes too long', unsentTimeout, 3, 3],
  ['key has called too often', rateLimited, 3, 1],
  ['answer takes too long', timeout, 1, 1],
  ['service fails', broken, 1, 1],
  ['gateway has a defect', new Error('a defect'), 1, 1],
])('where the %s, a read is sent up to 3 times and a write only if nothing arrived', async (...row) => {
  const [, error, reads, writes] = row;
  for (const [idempotent, attempts] of [
    [true, reads],
    [false, writes],
  ] as const) {
    const { fail, sent, bulkhead } = startChain({ idempotent });
    expect(await fail(error)).toBe(error);
    expect(sent).toEqual([1, 2, 3].slice(0, attempts));
    expect(bulkhead.inFlight).toBe(0);
  }
});

test('an attempt on a stale connection is repeated once outside the budget', async () => {
  const { fail, sent } = startChain();
  for (let retries = 0; retries < 5; retries += 1) await fail(rateLimited);
  // A fifth of those 5 calls is one more.
  await fail(rateLimited);
  sent.length = 0;
  await fail(rateLimited);
  expect(sent).toEqual([1]);
  await fail(stale);
  expect(sent).toEqual([1, 1, 2]);
});

test('a read counts once for the retry budget, and its retries are reported', async () => {
  const reported: unknown[] = [];
  const { fail, sent, tenants } = startChain({
    events: {
      onRetry: (...names) => reported.push(['retry', ...names]),
      onRetryDenied: (...names) => reported.push(['denied', ...names]),
    },
  });
  for (let calls = 0; calls < 5; calls += 1) await fail(rateLimited);
  expect([sent.length, tenants.retriesLeft()]).toEqual([15, 1]);
  // What is not repeated withdraws nothing.
  for (let calls = 0; calls < 5; calls += 1) await fail(invalid);
  expect(tenants.retriesLeft()).toBe(2);
  tenants.of('').retryBudget.withdraw();
  reported.length = 0;
  await fail(rateLimited);
  expect(reported).toEqual([
    ['retry', 'getCustomerPersona', 'bluejay'],
    ['denied', 'getCustomerPersona', 'bluejay'],
  ]);
});

test('no retry is waited for that would come at the deadline', async () => {
  const { clock, fail, sent } = startChain();
  const busy = failing({ kind: 'rate_limited', retryAfterMs: 1 }, 429);
  await fail(busy, clock.ms + 1);
  expect(sent).toEqual([1]);
  await fail(busy, clock.ms + 2);
  expect(sent.slice(1)).toEqual([1, 2, 3]);
});

test('a caller who leaves during a pause ends it, and no pause listens for longer than it lasts', async () => {
  const { call, sent, bulkhead } = startChain();
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const leaving = new AbortController();
  const asked = failing({ kind: 'rate_limited', retryAfterMs: 29_000 }, 429);
  const left = call(() => Promise.reject(asked), leaving.signal);
  await setImmediate();
  expect([sent, bulkhead.inFlight, timers()]).toEqual([[1], 0, before + 1]);
  leaving.abort('left');
  await expect(left).rejects.toBe('left');
  expect([sent, timers()]).toEqual([[1], before]);

  const listeners = new Set<AbortListener>();
  const watched: Cancellation = {
    aborted: false,
    reason: undefined,
    addEventListener: (type, listener) => void (type === 'abort' && listeners.add(listener)),
    removeEventListener: (type, listener) => void (type === 'abort' && listeners.delete(listener)),
  };
  await call(() => Promise.reject(rateLimited), watched).catch(() => {});
  expect([sent, listeners.size]).toEqual([[1, 1, 2, 3], 0]);
});

/** What 20 calls that end so make of a breaker, and 20 failures after 30 of them. */
async function breakerAfter(end: (scene: ReturnType<typeof startChain>) => Promise<unknown>) {
  const states = [];
  for (const [ends, failures] of [
    [20, 0],
    [30, 20],
  ] as const) {
    const scene = startChain({ idempotent: false, capacity: 30 });
    await Promise.all(Array.from({ length: ends }, () => end(scene)));
    for (let count = 0; count < failures; count += 1) await scene.fail(broken);
    states.push(scene.tenants.breakerState());
  }
  return states.join(', ');
}

const isFailure = 'open, open';
const isSuccess = 'closed, closed';
const isIgnored = 'closed, open';

test.each([
  ['an unreachable service', unsent, isFailure],
  ['a connection that breaks', reset, isFailure],
  ['a status of 503', unavailable, isFailure],
  ['an answer that takes too long', timeout, isFailure],
  ['a status of 500', broken, isFailure],
  ['a status of 499', failing({ kind: 'unexpected_status', status: 499 }, 499), isSuccess],
  ['a refused key', refusedKey, isSuccess],
  ['a refusal without an answer', failing({ kind: 'forbidden' }), isSuccess],
  ['a refusal that names no call', new UpstreamError({ kind: 'forbidden' }), isSuccess],
  ['an unusable answer', invalid, isSuccess],
  ['a defect of the gateway', new Error('a defect'), isIgnored],
])('%s counts for the breaker as its row says', async (_case, error, seen) => {
  expect(await breakerAfter(({ fail }) => fail(error))).toBe(seen);
  const answered = await breakerAfter(({ call }) => call(() => Promise.resolve('answered')));
  expect(answered).toBe(isSuccess);
});

test('a stale connection does not count for the breaker', async () => {
  expect(await breakerAfter(({ fail }) => fail(stale))).toBe(isIgnored);
});

test.each([
  ['the caller gives up after 999 ms', 999, undefined, isIgnored],
  ['the caller gives up after 1000 ms', 1_000, undefined, isFailure],
  ['fails as the caller gives up', 0, broken, isFailure],
])('an attempt that %s counts as that for the breaker', async (_case, elapsedMs, error, seen) => {
  const giveUp = async ({ call, clock }: ReturnType<typeof startChain>) => {
    const signal = new LightCancellation();
    const { promise, reject } = Promise.withResolvers<string>();
    const left = call(() => promise, signal);
    await setImmediate();
    clock.ms = 10_000 + elapsedMs;
    signal.abort(new Error('left'));
    reject(error ?? signal.reason);
    await expect(left).rejects.toBe(error ?? signal.reason);
  };
  expect(await breakerAfter(giveUp)).toBe(seen);
});

test('half open, answers close the breaker, whatever they say', async () => {
  for (const answer of ['answered', refusedKey] as const) {
    const { clock, fail, read, tenants } = startChain();
    for (let failures = 0; failures < 20; failures += 1) await fail(broken);
    clock.ms += 5_000;
    for (const state of ['half_open', 'half_open', 'closed']) {
      await (answer === 'answered' ? read(new LightCancellation()) : fail(answer));
      expect(tenants.breakerState()).toBe(state);
    }
  }
});

test('an open breaker refuses calls before they wait for a place, and after', async () => {
  const { bulkhead, call, fail, read, sent, tenants } = startChain({ idempotent: false });
  const held = Promise.withResolvers<string>();
  const first = call(() => held.promise);
  const waiting = read(new LightCancellation()).catch((error: unknown) => error);
  const { breaker } = tenants.of('');
  for (let failures = 0; failures < 20; failures += 1) breaker.enter()?.('failure');
  const refused = failing({
    kind: 'unavailable',
    reason: 'circuit_open',
    retryAfterMs: 5_000,
    isUnsent: true,
  });
  expect(await fail(broken)).toEqual(refused);
  expect(bulkhead.queued).toBe(1);
  held.resolve('answered');
  expect(await waiting).toEqual(refused);
  await first;
  expect(sent).toEqual([1]);
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([0, 0]);
});

test('a caller who leaves as its place comes free gives it back', async () => {
  const { bulkhead, occupy, read, sent } = startChain();
  const signal = new LightCancellation();
  occupy();
  const left = read(signal);
  bulkhead.leave('another');
  signal.abort('left');
  await expect(left).rejects.toBe('left');
  expect([sent, bulkhead.inFlight]).toEqual([[], 0]);
});

test('a call that finds no room to wait is overloaded, and reported', async () => {
  const reported: unknown[] = [];
  const { fail, occupy, sent } = startChain({
    queue: 0,
    events: { onOverloaded: (...names) => reported.push(names) },
  });
  occupy();
  expect(await fail(broken)).toEqual(failing({ kind: 'overloaded', retryAfterMs: 1_000 }));
  expect([sent, reported]).toEqual([[], [['getCustomerPersona', 'bluejay']]]);
});

test('a chain without listeners and tenants retries, denies and refuses alike', async () => {
  const { fail, occupy, read } = startChain({ queue: 0, hasTenants: false });
  expect(await read(new LightCancellation())).toBe('answered');
  expect(await fail(refusedKey)).toBe(refusedKey);
  for (let calls = 0; calls < 7; calls += 1) expect(await fail(rateLimited)).toBe(rateLimited);
  occupy();
  expect(await fail(broken)).toMatchObject({ failure: { kind: 'overloaded' } });
});

const defect = new Error('a defect');

function throwDefect(): never {
  throw defect;
}

test.each<[string, (scene: ReturnType<typeof startChain>) => Promise<unknown>]>([
  [
    'enters',
    ({ tenants, read }) => {
      tenants.of = throwDefect;
      return read(new LightCancellation());
    },
  ],
  [
    'is sent',
    ({ chain }) => {
      const context = { signal: new LightCancellation(), deadlineAtMs: Infinity, observer: undefined };
      return promiseOf((continuation) => chain('key', context, { send: throwDefect }, continuation));
    },
  ],
  [
    'has its answer',
    ({ acceptedKeys, read }) => {
      acceptedKeys.add = throwDefect;
      return read(new LightCancellation());
    },
  ],
  ['is repeated', ({ call }) => call(() => Promise.reject(unavailable))],
])('what is thrown while a call %s ends it, and its place alone is free', async (_step, start) => {
  const scene = startChain({ capacity: 2, events: { onRetry: throwDefect } });
  void scene.call(() => new Promise(() => {}));
  await expect(start(scene)).rejects.toBe(defect);
  expect(scene.bulkhead.inFlight).toBe(1);
});

test('what is thrown while a call is refused ends it, and takes nobody else’s place', async () => {
  const { bulkhead, occupy, read } = startChain({ queue: 0, events: { onOverloaded: throwDefect } });
  occupy();
  await expect(read(new LightCancellation())).rejects.toBe(defect);
  expect(bulkhead.inFlight).toBe(1);
});

test('thousands of calls that fail as soon as they have a place end one after the other', async () => {
  const { bulkhead, chain, occupy } = startChain({ capacity: 1, queue: 10_000 });
  occupy();
  const context = { signal: new LightCancellation(), deadlineAtMs: Infinity, observer: undefined };
  const attempts: Attempts<string> = { send: (_number, continuation) => continuation.reject(invalid) };
  const calls = Array.from({ length: 10_000 }, () =>
    promiseOf<string>((continuation) => chain('key', context, attempts, continuation)),
  );
  bulkhead.leave('another');
  const results = await Promise.allSettled(calls);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(10_000);
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([0, 0]);
});

test('each caller of a request has places of its own, and calls without one have those of their tenant', async () => {
  const { bulkhead, call } = startChain({ capacity: 9, capacityPerKey: 1 });
  const held = Promise.withResolvers<string>();
  const calls = ['one', 'other', 'one', undefined, undefined].map((caller) =>
    call(() => held.promise, undefined, { caller }),
  );
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([3, 2]);
  held.resolve('answered');
  await Promise.all(calls);
});

test('a key counts as accepted from its first answer until it is refused', async () => {
  const { acceptedKeys, fail, read } = startChain();
  await fail(broken);
  expect(acceptedKeys.has('key')).toBe(false);
  await read(new LightCancellation());
  await fail(broken);
  await fail(new Error('a defect'));
  expect(acceptedKeys.has('key')).toBe(true);
  await fail(refusedKey);
  expect(acceptedKeys.has('key')).toBe(false);
});
