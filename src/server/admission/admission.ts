import { Queue } from '../../shared/queue.ts';
import type { CallerAccount, WaitingRequest } from '../http/caller-account.ts';

export interface AdmissionOptions {
  /** How long a request may wait for its turn, in milliseconds; 0 limits nothing. */
  readonly maxDelayMs: number;
  /** How long one turn of the event loop starts requests, in milliseconds. @default 10 */
  readonly sliceMs?: number;
  /** How many reads of operations are under way at once while the process is busy. @default 320 */
  readonly busyCapacity?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** Decides when a request is executed, and whether it is executed at all. */
export interface Admission {
  /** Whether a request of the caller's that begins to arrive would have its turn in time. */
  isOpenTo(account: CallerAccount): boolean;
  /**
   * Waits for the turn of a request that has arrived.
   *
   * @returns undefined where it is its turn at once; else resolves, with false where the request waited too long
   */
  enter(account: CallerAccount): Promise<boolean> | undefined;
  /** Charges the reads of an operation to its caller until `release` is called. */
  charge(account: CallerAccount, reads: number): void;
  release(account: CallerAccount, reads: number): void;
  /** Waits until there is time to go on with much that was read. */
  resume(): Promise<void>;
  /** Records whether the process had no time to spare. Called every `adaptIntervalMs`. */
  adapt(isBusy: boolean): void;
  /** Whether all that wait have waited too long a moment ago, whichever caller's they are. */
  isOverloaded(): boolean;
}

/** How often `adapt` is called. */
export const adaptIntervalMs = 20;

/** A queue that has not been empty for so long is no burst: it stands. */
const standingAfterMs = 100;
/** How long a request may wait in a queue that stands, as a share of the longest wait. */
const standingShare = 0.4;
/** A queue that stands has room for as many requests as were started in the last window, and for so many at least. */
const minimumRoom = 10;
/** After so long in which callers were refused, and only such callers' requests were started, the process is overloaded. */
const overloadedAfterMs = 1_000;
/** How long it counts as overloaded after that. */
const overloadedForMs = 2_000;
/** A shorter queue that is slow is the work of a processor that others use, and no overload. */
const minimumQueue = 50;

/**
 * Starts requests in slices, one to a turn of the event loop: a turn goes on until all that has arrived is dealt with,
 * and meanwhile no timer fires and no health check is answered. What has no time in this turn waits in a queue of its
 * caller's. Callers are served in turn (fair queueing).
 *
 * The queues have a controlled delay: once one has not been empty for a while, its newest request is served first, and
 * its oldest is refused much sooner. A burst, and a short queue, are waited for.
 *
 * While the process is busy, the reads of operations under way are limited: executed together, they are all answered
 * late, and hold what they have read meanwhile. A caller below its share of the limit (max-min fairness) starts all
 * the same. Moments without work come under overload, too, so the limit doubles with each of them.
 *
 * @see https://queue.acm.org/detail.cfm?id=2839461 "Fail at Scale": controlled delay and adaptive LIFO
 * @see https://datatracker.ietf.org/doc/html/rfc8290 a queue and a controlled delay for each flow
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { maxDelayMs, sliceMs = 10, busyCapacity = 320, now } = options;
  /** The callers with requests that wait; the next to be served comes first. */
  const callers = new Queue<CallerAccount>();
  const resuming = new Queue<() => void>();
  let sliceEndsAtMs = Number.NEGATIVE_INFINITY;
  let isScheduled = false;
  let startedInSlice = 0;
  let capacity = Number.POSITIVE_INFINITY;
  let reads = 0;
  /** How many callers have reads under way. */
  let readers = 0;
  let windowEndsAtMs = Number.NEGATIVE_INFINITY;
  /** When a request was last started whose caller was not refused a short time before. */
  let soonAtMs = now();
  let overloadedAtMs = Number.NEGATIVE_INFINITY;

  const limitMs = ({ isStanding }: CallerAccount) => (isStanding ? maxDelayMs * standingShare : maxDelayMs);

  function hasCapacity(account: CallerAccount): boolean {
    if (reads < capacity) return true;
    return account.reads < capacity / readers && reads < 2 * capacity;
  }

  function remove(account: CallerAccount, entry: NonNullable<typeof account.waiting.first>): WaitingRequest {
    account.waiting.delete(entry);
    if (account.waiting.size === 0 && account.place !== undefined) {
      callers.delete(account.place);
      account.place = undefined;
    }
    return entry.item;
  }

  function recordStart(account: CallerAccount, atMs: number): void {
    account.started += 1;
    if (atMs - account.refusedAtMs > overloadedAfterMs) soonAtMs = atMs;
  }

  function recordRefusal(account: CallerAccount, atMs: number): void {
    account.refusedAtMs = atMs;
    if (atMs - soonAtMs >= overloadedAfterMs) overloadedAtMs = atMs;
  }

  /** The next request of the next caller that has capacity. */
  function takeNext(): (() => void) | undefined {
    const { first } = resuming;
    if (first !== undefined) {
      resuming.delete(first);
      return first.item;
    }
    for (let left = callers.size; left > 0; left -= 1) {
      const place = callers.first;
      if (place === undefined) return undefined;
      const account = place.item;
      callers.delete(place);
      account.place = callers.add(account);
      if (!hasCapacity(account)) continue;
      const entry = account.isStanding ? account.waiting.last : account.waiting.first;
      if (entry === undefined) continue;
      const { settle } = remove(account, entry);
      // Refusals do not end it: a turn of the event loop may be so long that they leave nothing.
      if (account.waiting.size === 0) account.isStanding = false;
      recordStart(account, now());
      return () => settle(true);
    }
    return undefined;
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(startSlice);
  }

  function startSlice(): void {
    isScheduled = false;
    startedInSlice = 0;
    sliceEndsAtMs = now() + sliceMs;
    startNext();
  }

  function startNext(): void {
    // At least one: a pause may be longer than a slice.
    if (startedInSlice > 0 && now() >= sliceEndsAtMs) {
      schedule();
      return;
    }
    const start = takeNext();
    if (start === undefined) return;
    startedInSlice += 1;
    start();
    // When all is done that it can do for now: Node.js runs what was promised before the next tick.
    // oxlint-disable-next-line no-restricted-globals -- it is no state of the process
    queueMicrotask(() => process.nextTick(startNext));
  }

  /** Refuses what has waited too long, and finds out which queues stand. */
  function control(account: CallerAccount, atMs: number): void {
    const { waiting } = account;
    const isLong = waiting.size >= minimumQueue;
    if (isLong && atMs - account.waitingSinceMs > standingAfterMs) account.isStanding = true;
    if (!isLong && !account.isStanding) return;
    const limit = limitMs(account);
    for (let { first } = waiting; first !== undefined; first = waiting.first) {
      if (atMs - first.item.sinceMs <= limit) return;
      remove(account, first).settle(false);
      recordRefusal(account, atMs);
    }
  }

  return {
    isOpenTo(account) {
      if (!account.isStanding) return true;
      if (account.waiting.size < Math.max(minimumRoom, account.startedBefore)) return true;
      recordRefusal(account, now());
      return false;
    },
    enter(account) {
      const atMs = now();
      const isFree = callers.size === 0 && resuming.size === 0 && atMs < sliceEndsAtMs;
      if (isFree && hasCapacity(account)) {
        recordStart(account, atMs);
        return undefined;
      }
      return new Promise((settle) => {
        account.waiting.add({ sinceMs: atMs, settle });
        if (account.place === undefined) {
          account.place = callers.add(account);
          account.waitingSinceMs = atMs;
        }
        schedule();
      });
    },
    charge(account, count) {
      if (count === 0) return;
      if (account.reads === 0) readers += 1;
      account.reads += count;
      reads += count;
    },
    release(account, count) {
      if (count === 0) return;
      account.reads -= count;
      reads -= count;
      if (account.reads === 0) readers -= 1;
      if (callers.size > 0) schedule();
    },
    resume() {
      // Never at once: many that waited for the same read go on at the same time, and have done nothing yet.
      return new Promise((resolve) => {
        resuming.add(resolve);
        schedule();
      });
    },
    adapt(isBusy) {
      if (maxDelayMs === 0) return;
      capacity = isBusy ? busyCapacity : capacity * 2;
      const atMs = now();
      const isNewWindow = atMs >= windowEndsAtMs;
      if (isNewWindow) windowEndsAtMs = atMs + standingAfterMs;
      for (let place = callers.first; place !== undefined;) {
        const { item: account, after } = place;
        control(account, atMs);
        if (isNewWindow) {
          account.startedBefore = account.started;
          account.started = 0;
        }
        place = after;
      }
      if (callers.size > 0) schedule();
    },
    isOverloaded: () => now() - overloadedAtMs < overloadedForMs,
  };
}
