import { Queue } from '../../shared/queue.ts';

export interface BatchesOptions {
  /** How many reads of one caller are executed at once while the process is busy. @default 320 */
  readonly maxExecuted?: number;
  /**
   * How many more may be wanted before further requests are refused. More of them would be answered later, and cost
   * the garbage collector more than it is worth (`npm run bench:overload`). @default 1600
   */
  readonly maxWaiting?: number;
}

/** A caller may always have this many requests waiting, however large they are. */
const minimumRequests = 8;

/** Requests that read several things at once, by their callers. */
export interface Batches {
  /** Whether another request of the caller's would be executed soon. */
  hasRoom(caller: string): boolean;
  /**
   * Takes room for a request, which `leave` gives back.
   *
   * @param reads the most that it can cause
   * @returns undefined where it may be executed at once, else resolves when it may
   */
  enter(caller: string, reads: number): Promise<void> | undefined;
  leave(caller: string, reads: number): void;
  /** Told at regular intervals, of tens of milliseconds, whether the process had no time to spare in the last one. */
  adapt(isBusy: boolean): void;
}

/** A caller's requests. */
interface Batch {
  requests: number;
  /** The reads of all of them, and of those that are executed. */
  wanted: number;
  executed: number;
  /** How to start those that wait. */
  readonly waiting: Queue<() => void>;
}

/**
 * Lets few batches of a caller be executed at once while the process is busy.
 *
 * They would all be executed at the same pace and answered at the same time, late, and hold meanwhile what they have
 * read, which keeps the garbage collector busy. One after the other each is answered sooner, and so are all of them.
 *
 * While the process has time it is Bluejay that they wait for, and none waits for another. Yet a moment without work
 * comes under overload, too, when Bluejay answers nothing for a while: so twice as many may be executed for each
 * interval in which there was time, and not all of them at once.
 */
export function createBatches({ maxExecuted = 320, maxWaiting = 1_600 }: BatchesOptions = {}): Batches {
  /** Only callers with requests that have entered. */
  const batches = new Map<string, Batch>();
  /** How many reads of each are executed at once. */
  let limit = Number.POSITIVE_INFINITY;

  function startWaiting(batch: Batch): void {
    while (batch.executed < limit) {
      const { first } = batch.waiting;
      if (first === undefined) break;
      batch.waiting.delete(first);
      first.item();
    }
  }

  return {
    hasRoom(caller) {
      const batch = batches.get(caller);
      if (batch === undefined || batch.requests < minimumRequests) return true;
      return batch.wanted <= limit + maxWaiting;
    },
    enter(caller, reads) {
      let batch = batches.get(caller);
      if (batch === undefined)
        batches.set(caller, (batch = { requests: 0, wanted: 0, executed: 0, waiting: new Queue() }));
      const { waiting } = batch;
      batch.requests += 1;
      batch.wanted += reads;
      if (batch.executed < limit) {
        batch.executed += reads;
        return undefined;
      }
      return new Promise((resolve) => {
        waiting.add(() => {
          batch.executed += reads;
          resolve();
        });
      });
    },
    leave(caller, reads) {
      const batch = batches.get(caller);
      if (batch === undefined) return;
      batch.requests -= 1;
      batch.wanted -= reads;
      batch.executed -= reads;
      startWaiting(batch);
      if (batch.requests === 0) batches.delete(caller);
    },
    adapt(isBusy) {
      limit = isBusy ? maxExecuted : limit * 2;
      for (const batch of batches.values()) startWaiting(batch);
    },
  };
}
