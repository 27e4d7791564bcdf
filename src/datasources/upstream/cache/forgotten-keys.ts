import { setImmediate } from 'node:timers/promises';

export interface ForgottenKeysOptions {
  /** Deletes a key in the store. */
  readonly remove: (key: string) => Promise<Removal>;
  /** The longest that the store keeps an entry, in milliseconds: until then a key may have to be remembered. */
  readonly lifetimeMs: number;
  /** How long a write that was given up may still be executed, in milliseconds. */
  readonly settleMs: number;
}

/** `deleted`: a write that is still under way may bring the key back. */
export type Removal = 'gone' | 'deleted' | 'failed';

/** Keys whose entries in a store must not be used any more, but may still be there. */
export interface ForgottenKeys {
  /**
   * Deletes the key in the store, again and again until it is certain to be gone.
   *
   * @param wasSeen whether an entry is known to be there; anybody can ask for keys that are not, so these are dropped
   *   when many are forgotten already
   */
  add(key: string, wasSeen: boolean): void;
  has(key: string): boolean;
  /**
   * Whether an entry of any key may be one that is forgotten, but no longer remembered: more were forgotten than can be.
   *
   * @param storedMs for how long the store has had it; Infinity where that is not known
   */
  hasOfAge(storedMs: number): boolean;
  /** The mark of a key that is forgotten, to `discard` when a write that begins now has succeeded. */
  get(key: string): ForgottenMark | undefined;
  /** The key holds a newer entry. Does nothing where it was forgotten again since. */
  discard(key: string, mark: ForgottenMark): void;
  /** Stops deleting. */
  close(): void;
}

interface ForgottenMark {
  readonly untilMs: number;
}

const retryMs = 2_000;
const maxKeys = 10_000;
const maxUnseenKeys = 5_000;
const batchSize = 100;

export function createForgottenKeys({ remove, lifetimeMs, settleMs }: ForgottenKeysOptions): ForgottenKeys {
  /** The oldest first. */
  const marks = new Map<string, ForgottenMark>();
  let timer: NodeJS.Timeout | undefined;
  /** When a key was last dropped for want of room. All that was stored until then counts as forgotten. */
  let droppedAtMs = -Infinity;

  function discard(key: string, mark: ForgottenMark): void {
    if (marks.get(key) === mark) marks.delete(key);
  }

  async function tryToRemove(key: string, mark: ForgottenMark): Promise<Removal> {
    const removal = await remove(key);
    if (removal !== 'gone') return removal;
    // The reply to a read that went out before may be here, and its caller not have seen it.
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
      // One after the other, so that a store that is just back is not flooded.
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
      if (!wasSeen && marks.size >= maxUnseenKeys) return;
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
