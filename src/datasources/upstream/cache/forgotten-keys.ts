import { setImmediate } from 'node:timers/promises';

export interface ForgottenKeysOptions {
  /** Deletes a key in the store. */
  readonly remove: (key: string) => Promise<Removal>;
  /** The longest life of an entry in the store, in milliseconds. A key is remembered no longer. */
  readonly lifetimeMs: number;
  /** How long the store may still execute a write that got no reply, in milliseconds. */
  readonly settleMs: number;
  /** How long after a failure a key is deleted again, in milliseconds. @default 2000 */
  readonly retryMs?: number;
  /** The most keys that are remembered; without an entry that was seen, half of it. @default 10000 */
  readonly maxKeys?: number | undefined;
}

/** `deleted`: a write in flight may store the key again. */
export type Removal = 'gone' | 'deleted' | 'failed';

/** Keys whose entries must not be used any more, though the store may still contain them. */
export interface ForgottenKeys {
  /**
   * Adds a key, and deletes it in the store until it is certain to be gone.
   *
   * @param wasSeen whether the store is known to contain an entry. Callers can ask for any key, so a key without an entry
   *   is dropped when many keys are remembered already
   */
  add(key: string, wasSeen: boolean): void;
  has(key: string): boolean;
  /**
   * Whether an entry of any key may be one whose key was dropped for want of room.
   *
   * @param storedMs how long the store has contained it; Infinity where that is unknown
   */
  hasOfAge(storedMs: number): boolean;
  /** Returns the mark of a key, to `discard` when a write that begins now has succeeded. */
  get(key: string): ForgottenMark | undefined;
  /** Removes a key, because the store contains a newer entry. Does nothing where the key was added again since. */
  discard(key: string, mark: ForgottenMark): void;
  /** Stops deleting. */
  close(): void;
}

interface ForgottenMark {
  readonly untilMs: number;
}

const batchSize = 100;

/** Creates an empty set of forgotten keys. */
export function createForgottenKeys({
  remove,
  lifetimeMs,
  settleMs,
  retryMs = 2_000,
  maxKeys = 10_000,
}: ForgottenKeysOptions): ForgottenKeys {
  /** The oldest first. */
  const marks = new Map<string, ForgottenMark>();
  let timer: NodeJS.Timeout | undefined;
  /** When a key was last dropped for want of room. No entry that was stored before is used. */
  let droppedAtMs = -Infinity;

  function discard(key: string, mark: ForgottenMark): void {
    if (marks.get(key) === mark) marks.delete(key);
  }

  async function tryToRemove(key: string, mark: ForgottenMark): Promise<Removal> {
    const removal = await remove(key);
    if (removal !== 'gone') return removal;
    // The reply to an earlier read may have arrived, and its caller not run yet.
    await setImmediate();
    discard(key, mark);
    return removal;
  }

  async function retryAll(): Promise<void> {
    const nowMs = performance.now();
    for (const [key, mark] of marks) if (mark.untilMs <= nowMs) marks.delete(key);
    const remaining = [...marks];
    for (let start = 0; start < remaining.length; start += batchSize) {
      const batch = remaining.slice(start, start + batchSize);
      // One batch after the other, so that a store that has just recovered is not flooded.
      // oxlint-disable-next-line no-await-in-loop
      const removals = await Promise.all(batch.map(([key, mark]) => tryToRemove(key, mark)));
      if (removals.every((removal) => removal === 'failed')) break;
    }
    timer = undefined;
    scheduleRetry();
  }

  function scheduleRetry(): void {
    if (timer === undefined && marks.size > 0) timer = setTimeout(retryAll, retryMs).unref();
  }

  return {
    add(key, wasSeen) {
      if (!wasSeen && marks.size >= maxKeys / 2) return;
      const mark = { untilMs: performance.now() + lifetimeMs };
      marks.delete(key);
      marks.set(key, mark);
      const [oldest] = marks.keys();
      if (marks.size > maxKeys && oldest !== undefined) {
        marks.delete(oldest);
        droppedAtMs = performance.now();
      }
      void tryToRemove(key, mark).then(scheduleRetry);
    },
    has: (key) => marks.has(key),
    hasOfAge(storedMs) {
      const elapsedMs = performance.now() - droppedAtMs;
      return elapsedMs < lifetimeMs && elapsedMs < storedMs + settleMs;
    },
    get: (key) => marks.get(key),
    discard,
    close() {
      clearTimeout(timer);
      marks.clear();
    },
  };
}
