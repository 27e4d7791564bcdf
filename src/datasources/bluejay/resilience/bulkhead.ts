import type { Cancellation } from '../../../cancellation.ts';

export interface BulkheadOptions {
  /** The most calls in flight. @default 64 */
  readonly capacity?: number;
  /** The most calls in flight for one key. @default capacity */
  readonly capacityPerKey?: number;
  /** The most calls that wait. @default 1024 */
  readonly queue?: number;
  /** The most calls that wait for one key. @default queue */
  readonly queuePerKey?: number;
}

/** Bounds the calls in flight and those that wait, with a fair share for each key. */
export interface Bulkhead {
  readonly inFlight: number;
  readonly queued: number;
  /**
   * Takes a place: at once (undefined), or when the promise resolves. Every place that was taken must be
   * given back with `leave`. Keys that wait are served in turn, each first in, first out.
   *
   * @returns `full` when the queue has no room for one more of this key
   * @throws the signal's reason when it is aborted while the call waits
   */
  enter(key: string, signal: Cancellation): undefined | 'full' | Promise<void>;
  leave(key: string): void;
}

/** A key's calls: the number in flight, and those that wait. */
interface Lane {
  inFlight: number;
  readonly waiting: Set<() => void>;
}

export function createBulkhead(options: BulkheadOptions = {}): Bulkhead {
  const { capacity = 64, queue = 1_024 } = options;
  const { capacityPerKey = capacity, queuePerKey = queue } = options;
  /** Only keys with calls in flight or waiting; the one to serve next comes first. */
  const lanes = new Map<string, Lane>();
  let inFlight = 0;
  let queued = 0;

  function laneOf(key: string): Lane {
    let lane = lanes.get(key);
    if (lane === undefined) {
      lane = { inFlight: 0, waiting: new Set() };
      lanes.set(key, lane);
    }
    return lane;
  }

  function forget(key: string, lane: Lane): void {
    if (lane.inFlight === 0 && lane.waiting.size === 0) lanes.delete(key);
  }

  function wait(key: string, lane: Lane, signal: Cancellation): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const abort = () => {
        lane.waiting.delete(start);
        queued -= 1;
        forget(key, lane);
        reject(signal.reason);
      };
      lane.waiting.add(start);
      queued += 1;
      signal.addEventListener('abort', abort);
    });
  }

  /** Gives free places to the keys that wait and are below their share, one key after the other. */
  function serve(): void {
    for (const [key, lane] of lanes) {
      if (inFlight >= capacity || queued === 0) return;
      const [start] = lane.waiting;
      if (start === undefined || lane.inFlight >= capacityPerKey) continue;
      lane.waiting.delete(start);
      queued -= 1;
      lane.inFlight += 1;
      inFlight += 1;
      // To the end of the line: the next free place is another key's.
      lanes.delete(key);
      lanes.set(key, lane);
      start();
    }
  }

  return {
    get inFlight() {
      return inFlight;
    },
    get queued() {
      return queued;
    },
    enter(key, signal) {
      const lane = laneOf(key);
      if (inFlight < capacity && lane.inFlight < capacityPerKey && lane.waiting.size === 0) {
        lane.inFlight += 1;
        inFlight += 1;
        return undefined;
      }
      if (queued >= queue || lane.waiting.size >= queuePerKey) {
        forget(key, lane);
        return 'full';
      }
      return wait(key, lane, signal);
    },
    leave(key) {
      const lane = laneOf(key);
      lane.inFlight -= 1;
      inFlight -= 1;
      if (queued > 0) serve();
      forget(key, lane);
    },
  };
}
