import type { Cancellation } from '../../../shared/cancellation.ts';
import { Queue } from '../../../shared/queue.ts';

export interface BulkheadOptions {
  /** The most calls in flight. @default 64 */
  readonly capacity?: number;
  /** The most calls in flight for one key. @default capacity */
  readonly capacityPerKey?: number;
  /** The most calls that wait. @default 4096 */
  readonly queue?: number;
  /** The most calls that wait for one key. @default queue */
  readonly queuePerKey?: number;
}

/** Bounds the calls in flight and those that wait, with a fair share for each key. */
export interface Bulkhead {
  readonly inFlight: number;
  readonly queued: number;
  /** How much of the places to wait in a key has taken, from 0 to 1. */
  readonly backlogOf: (key: string) => number;
  /**
   * Takes a place: at once (undefined), or when the promise resolves with undefined. Every place that was
   * taken must be given back with `leave`. Keys that wait are served in turn, each first in, first out.
   * In a full queue the key with the most calls makes room for one with fewer: its last call has to go.
   *
   * @returns `full`, also later by the promise, when there is no room in the queue
   * @throws the signal's reason when it is aborted while the call waits
   */
  enter(key: string, signal: Cancellation): Place | Promise<Place>;
  leave(key: string): void;
}

/** `full`: there is none. */
type Place = 'full' | undefined;

/** Tells a call that waits what has become of it. */
type Settle = (place: Place) => void;

/** A key's calls: the number in flight, and those that wait. */
interface Lane {
  inFlight: number;
  readonly waiting: Queue<Settle>;
}

export function createBulkhead(options: BulkheadOptions = {}): Bulkhead {
  const { capacity = 64, queue = 4_096 } = options;
  const { capacityPerKey = capacity, queuePerKey = queue } = options;
  /** Only keys with calls in flight or waiting; the one to serve next comes first. */
  const lanes = new Map<string, Lane>();
  let inFlight = 0;
  let queued = 0;

  function laneOf(key: string): Lane {
    let lane = lanes.get(key);
    if (lane === undefined) {
      lane = { inFlight: 0, waiting: new Queue() };
      lanes.set(key, lane);
    }
    return lane;
  }

  function forget(key: string, lane: Lane): void {
    if (lane.inFlight === 0 && lane.waiting.size === 0) lanes.delete(key);
  }

  function wait(key: string, lane: Lane, signal: Cancellation): Promise<Place> {
    return new Promise((resolve, reject) => {
      const entry = lane.waiting.add((place) => {
        lane.waiting.delete(entry);
        queued -= 1;
        signal.removeEventListener('abort', abort);
        resolve(place);
      });
      const abort = () => {
        lane.waiting.delete(entry);
        queued -= 1;
        forget(key, lane);
        reject(signal.reason);
      };
      queued += 1;
      signal.addEventListener('abort', abort);
    });
  }

  /** Gives free places to the keys that wait and are below their share, one key after the other. */
  function serve(): void {
    for (const [key, lane] of lanes) {
      if (inFlight >= capacity || queued === 0) return;
      const settle = lane.waiting.first?.item;
      if (settle === undefined || lane.inFlight >= capacityPerKey) continue;
      lane.inFlight += 1;
      inFlight += 1;
      // To the end of the line: the next free place is another key's.
      lanes.delete(key);
      lanes.set(key, lane);
      settle(undefined);
    }
  }

  /** Makes room in a full queue at the expense of the key that waits most, if that is another one. */
  function makeRoomFor(lane: Lane): boolean {
    let longest = lane;
    for (const other of lanes.values()) {
      if (other.waiting.size > longest.waiting.size) longest = other;
    }
    // As long as the two would only change places, nobody is sent away.
    if (longest.waiting.size <= lane.waiting.size + 1) return false;
    longest.waiting.last?.item('full');
    return true;
  }

  return {
    get inFlight() {
      return inFlight;
    },
    get queued() {
      return queued;
    },
    backlogOf: (key) => (lanes.get(key)?.waiting.size ?? 0) / queuePerKey,
    enter(key, signal) {
      const lane = laneOf(key);
      if (inFlight < capacity && lane.inFlight < capacityPerKey && lane.waiting.size === 0) {
        lane.inFlight += 1;
        inFlight += 1;
        return undefined;
      }
      if (lane.waiting.size >= queuePerKey || (queued >= queue && !makeRoomFor(lane))) {
        forget(key, lane);
        return 'full';
      }
      return wait(key, lane, signal);
    },
    leave(key) {
      const lane = lanes.get(key);
      if (lane === undefined) return;
      lane.inFlight -= 1;
      inFlight -= 1;
      if (queued > 0) serve();
      forget(key, lane);
    },
  };
}
