import { Queue } from '../../queue.ts';

export interface BatchesOptions {
  /** Whether the process has no time to spare. */
  readonly isBusy: () => boolean;
  /** How many reads of one caller are executed at once while the process is busy. @default 320 */
  readonly maxExecuted?: number;
  /** How many more may then be wanted before further requests are refused. @default 1600 */
  readonly maxWaiting?: number;
}

/** So many are never refused, however large each is. */
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
 * While the process has time it is Bluejay that they wait for, and none waits for another.
 */
export function createBatches({ isBusy, maxExecuted = 320, maxWaiting = 1_600 }: BatchesOptions): Batches {
  /** Only callers with requests that have entered. */
  const batches = new Map<string, Batch>();

  return {
    hasRoom(caller) {
      const batch = batches.get(caller);
      if (!isBusy() || batch === undefined || batch.requests < minimumRequests) return true;
      return batch.wanted <= maxExecuted + maxWaiting;
    },
    enter(caller, reads) {
      let batch = batches.get(caller);
      if (batch === undefined)
        batches.set(caller, (batch = { requests: 0, wanted: 0, executed: 0, waiting: new Queue() }));
      const { waiting } = batch;
      batch.requests += 1;
      batch.wanted += reads;
      if (!isBusy() || (waiting.size === 0 && batch.executed < maxExecuted)) {
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
      while (batch.executed < maxExecuted) {
        const { first } = batch.waiting;
        if (first === undefined) break;
        batch.waiting.delete(first);
        first.item();
      }
      if (batch.requests === 0) batches.delete(caller);
    },
  };
}
