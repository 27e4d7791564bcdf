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

/** Limits the calls in flight and those that wait, with a fair share for each key. */
export interface Bulkhead {
  readonly inFlight: number;
  readonly queued: number;
  /** The share of its queue that a key has filled, from 0 to 1. */
  readonly backlogOf: (key: string) => number;
  /**
   * Enters a call: at once (undefined), or when the promise resolves with undefined. Every call that entered must
   * `leave`. Keys that wait are served in turn, each first in, first out. A full queue drops the last call of the key
   * with the most calls in favour of a key with fewer.
   *
   * @returns `full`, also later by the promise, when there is no room in the queue
   * @throws the signal's reason when it is aborted while the call waits
   */
  enter(key: string, signal: Cancellation): Place | Promise<Place>;
  /** Ends a call that entered. */
  leave(key: string): void;
}

/** `full`: the queue has no room. */
type Place = 'full' | undefined;

/** Ends the wait of a call. */
type Settle = (place: Place) => void;

/** A key's calls: the number in flight, and those that wait. */
interface Compartment {
  inFlight: number;
  readonly waiting: Queue<Settle>;
}

/** Creates an empty bulkhead. */
export function createBulkhead(options: BulkheadOptions = {}): Bulkhead {
  const { capacity = 64, queue = 4_096 } = options;
  const { capacityPerKey = capacity, queuePerKey = queue } = options;
  /** The keys with calls in flight or waiting; the one to serve next comes first. */
  const compartments = new Map<string, Compartment>();
  let inFlight = 0;
  let queued = 0;

  function compartmentOf(key: string): Compartment {
    let compartment = compartments.get(key);
    if (compartment === undefined) {
      compartment = { inFlight: 0, waiting: new Queue() };
      compartments.set(key, compartment);
    }
    return compartment;
  }

  function release(key: string, compartment: Compartment): void {
    if (compartment.inFlight === 0 && compartment.waiting.size === 0) compartments.delete(key);
  }

  function wait(key: string, compartment: Compartment, signal: Cancellation): Promise<Place> {
    return new Promise((resolve, reject) => {
      const entry = compartment.waiting.add((place) => {
        compartment.waiting.delete(entry);
        queued -= 1;
        signal.removeEventListener('abort', abort);
        resolve(place);
      });
      const abort = () => {
        compartment.waiting.delete(entry);
        queued -= 1;
        release(key, compartment);
        reject(signal.reason);
      };
      queued += 1;
      signal.addEventListener('abort', abort);
    });
  }

  /** Gives free places to the keys that wait and are below their share, one key after the other. */
  function serve(): void {
    for (const [key, compartment] of compartments) {
      if (inFlight >= capacity) return;
      const settle = compartment.waiting.first?.item;
      if (settle === undefined || compartment.inFlight >= capacityPerKey) continue;
      compartment.inFlight += 1;
      inFlight += 1;
      // Moves the key to the end: the next free place is another key's.
      compartments.delete(key);
      compartments.set(key, compartment);
      settle(undefined);
    }
  }

  /** Makes room in a full queue at the expense of the key that waits most, if that is another one. */
  function makeRoomFor(compartment: Compartment): boolean {
    let longest = compartment;
    for (const other of compartments.values()) {
      if (other.waiting.size > longest.waiting.size) longest = other;
    }
    // Dropping a call must leave the keys more even than before.
    if (longest.waiting.size <= compartment.waiting.size + 1) return false;
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
    backlogOf: (key) => (compartments.get(key)?.waiting.size ?? 0) / queuePerKey,
    enter(key, signal) {
      const compartment = compartmentOf(key);
      // No call of the key waits then: `serve` has given it every place that it may have.
      if (inFlight < capacity && compartment.inFlight < capacityPerKey) {
        compartment.inFlight += 1;
        inFlight += 1;
        return undefined;
      }
      if (compartment.waiting.size >= queuePerKey || (queued >= queue && !makeRoomFor(compartment))) {
        release(key, compartment);
        return 'full';
      }
      return wait(key, compartment, signal);
    },
    leave(key) {
      const compartment = compartments.get(key);
      if (compartment === undefined) return;
      compartment.inFlight -= 1;
      inFlight -= 1;
      if (queued > 0) serve();
      release(key, compartment);
    },
  };
}
