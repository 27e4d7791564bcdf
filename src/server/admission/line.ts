import { Queue } from '../../shared/queue.ts';

export interface LineOptions {
  /** How long one turn of the event loop executes requests, in milliseconds. @default 10 */
  readonly sliceMs?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** Requests that have arrived and wait for the processor. */
export interface Line {
  readonly length: number;
  /** How long another one would have to wait, at the pace of the last slices, in milliseconds. */
  expectedWaitMs(): number;
  /** @returns undefined where there is time at once; else resolves when it is the caller's turn */
  join(): Promise<void> | undefined;
}

/** A slice that was held up once, by a pause of the machine, decides nothing. */
const weightOfLatest = 0.1;

/**
 * Executes requests in slices, one to a turn of the event loop.
 *
 * A turn goes on until all that has arrived is dealt with. Meanwhile no timer fires, and only one new connection is
 * accepted (libuv takes one from each listening socket): a health check would stand behind all that came before it,
 * for seconds. So what there is no time for in this turn waits where it can be counted.
 */
export function createLine({ sliceMs = 10, now }: LineOptions): Line {
  const waiting = new Queue<() => void>();
  let sliceEndsAt = Number.NEGATIVE_INFINITY;
  let isScheduled = false;
  /** How many the last slice executed, and whether it left others waiting. */
  let executed = 0;
  let isUnfinished = false;
  let msForEach = 0;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(slice);
  }

  function slice(): void {
    isScheduled = false;
    const at = now();
    // What else the turn was spent on counts: whoever waits, waits for that too.
    if (isUnfinished) {
      const startedAt = sliceEndsAt - sliceMs;
      const latest = (at - startedAt) / executed;
      msForEach = msForEach === 0 ? latest : msForEach + (latest - msForEach) * weightOfLatest;
    }
    isUnfinished = false;
    executed = 0;
    sliceEndsAt = at + sliceMs;
    step();
  }

  function step(): void {
    const { first } = waiting;
    if (first === undefined) return;
    // At least one: a pause may be longer than a slice.
    if (executed > 0 && now() >= sliceEndsAt) {
      isUnfinished = true;
      return schedule();
    }
    executed += 1;
    waiting.delete(first);
    first.item();
    // When all is done that it can do for now: Node.js runs what was promised before the next tick.
    // oxlint-disable-next-line no-restricted-globals -- it is no state of the process
    queueMicrotask(() => process.nextTick(step));
  }

  return {
    get length() {
      return waiting.size;
    },
    expectedWaitMs: () => waiting.size * msForEach,
    join() {
      if (waiting.size === 0 && now() < sliceEndsAt) return undefined;
      return new Promise((resolve) => {
        waiting.add(resolve);
        schedule();
      });
    },
  };
}
