import { AsyncResource } from 'node:async_hooks';
import type { CallCancellation } from '../../../shared/cancellation.ts';
import { Queue } from '../../../shared/queue.ts';
import type { Entry } from '../../../shared/queue.ts';

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
   * Enters a call. Every call that has entered must `leave`. Keys that wait are served in turn, each first in, first out. A
   * full queue drops the last call of the key with the most calls in favour of a key with fewer.
   *
   * @param taker told its place later, where the call waits
   */
  enter(key: string, signal: CallCancellation, taker: PlaceTaker): Place | 'waits';
  /** Ends a call that entered. */
  leave(key: string): void;
}

/** `full`: the queue has no room. `aborted`: the signal was aborted while the call waited. */
export type Place = 'entered' | 'full' | 'aborted';

/** A call that waits for its place. */
export interface PlaceTaker {
  onPlace(place: Place): void;
}

/** A key's calls: the number in flight, and those that wait. */
interface Compartment {
  inFlight: number;
  readonly waiting: Queue<Waiting>;
}

/** The wait of a call. An AsyncResource, because another call's end ends it. */
class Waiting extends AsyncResource {
  readonly key: string;
  readonly compartment: Compartment;
  readonly signal: CallCancellation;
  readonly taker: PlaceTaker;
  readonly entry: Entry<Waiting>;
  readonly #onAbort: (waiting: Waiting) => void;
  /** Set when the wait ends. */
  place!: Place;

  constructor(
    { key, compartment }: { readonly key: string; readonly compartment: Compartment },
    signal: CallCancellation,
    taker: PlaceTaker,
    onAbort: (waiting: Waiting) => void,
  ) {
    super('BulkheadWait');
    this.key = key;
    this.compartment = compartment;
    this.signal = signal;
    this.taker = taker;
    this.#onAbort = onAbort;
    this.entry = compartment.waiting.add(this);
    signal.addEventListener('abort', this);
  }

  handleEvent(): void {
    this.#onAbort(this);
  }
}

/** Creates an empty bulkhead. */
export function createBulkhead(options: BulkheadOptions = {}): Bulkhead {
  const { capacity = 64, queue = 4_096 } = options;
  const { capacityPerKey = capacity, queuePerKey = queue } = options;
  /** The keys with calls in flight or waiting; the one to serve next comes first. */
  const compartments = new Map<string, Compartment>();
  let inFlight = 0;
  let queued = 0;
  /** Those that wait no more, and have not been told yet. */
  let ended: Waiting[] = [];

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

  function remove(waiting: Waiting): void {
    waiting.compartment.waiting.delete(waiting.entry);
    queued -= 1;
    waiting.signal.removeEventListener('abort', waiting);
  }

  function abort(waiting: Waiting): void {
    remove(waiting);
    release(waiting.key, waiting.compartment);
    waiting.taker.onPlace('aborted');
  }

  /** Ends a wait. The call goes on later: it may end at once, and another take its place. */
  function end(waiting: Waiting, place: Place): void {
    remove(waiting);
    waiting.place = place;
    if (ended.push(waiting) === 1) void Promise.resolve().then(tellEnded);
  }

  function tellEnded(): void {
    const told = ended;
    ended = [];
    for (const waiting of told) waiting.runInAsyncScope(waiting.taker.onPlace, waiting.taker, waiting.place);
  }

  /** Gives free places to the keys that wait and are below their share, one key after the other. */
  function serve(): void {
    for (const [key, compartment] of compartments) {
      if (inFlight >= capacity) return;
      const next = compartment.waiting.first?.item;
      if (next === undefined || compartment.inFlight >= capacityPerKey) continue;
      compartment.inFlight += 1;
      inFlight += 1;
      // Moves the key to the end: the next free place is another key's.
      compartments.delete(key);
      compartments.set(key, compartment);
      end(next, 'entered');
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
    const last = longest.waiting.last?.item;
    if (last !== undefined) end(last, 'full');
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
    enter(key, signal, taker) {
      const compartment = compartmentOf(key);
      // No call of the key waits then: `serve` has given it every place that it may have.
      if (inFlight < capacity && compartment.inFlight < capacityPerKey) {
        compartment.inFlight += 1;
        inFlight += 1;
        return 'entered';
      }
      if (compartment.waiting.size >= queuePerKey || (queued >= queue && !makeRoomFor(compartment))) {
        release(key, compartment);
        return 'full';
      }
      queued += 1;
      void new Waiting({ key, compartment }, signal, taker, abort);
      return 'waits';
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
