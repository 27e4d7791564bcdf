import DataLoader from 'dataloader';
import type { Caller, Reading } from './upstream/call.ts';
import { settleWithin } from './upstream/settle-within.ts';

/** What the reads of one GraphQL request share. */
export interface RequestReads {
  readonly caller: Caller;
  /** The most reads of a batch in flight. */
  readonly concurrency: number;
  /**
   * Until when services allow all that was read so far to be used, in milliseconds since the epoch. `Infinity` where
   * nothing was read.
   */
  freshUntil: number;
}

/** Called for each batch, with the number of different keys that it reads. */
export type OnBatch = (operation: string, size: number) => void;

export interface LoaderOptions<Key, Value> {
  readonly reads: RequestReads;
  /** The endpoint's, for `onBatch`. */
  readonly operation: string;
  readonly read: (key: Key) => Promise<Reading<Value>>;
  readonly onBatch: OnBatch | undefined;
  /** Called with each value that was read. @default none */
  readonly onValue?: (value: Value) => void;
  /** The number of loads from which the values of a batch wait for `Caller.resume`. @default 50 */
  readonly manyLoads?: number;
}

/** Values that other reads of the same request bring. */
export interface Hints<Key, Value> {
  /** The reads in flight. */
  readonly pending: Iterable<Promise<unknown>>;
  readonly known: ReadonlyMap<Key, Value>;
}

/** How long loads wait for the reads of `hints`, in milliseconds. After that they read for themselves. */
const hintsTimeoutMs = 500;
/** A batch that takes less has read from memory only, in milliseconds: a call to a service takes longer. */
const memoryReadMs = 1;

/**
 * Reads of one endpoint within a request: each key once, many at a time, each failing on its own. It is a DataLoader
 * over an endpoint that reads one key at a time, so a batch is a fan-out. The values of a large batch wait for
 * `Caller.resume`, because the request then computes for a while.
 */
export class Loader<Key extends string | number, Value> {
  /** Values to use instead of reading them. @default none */
  hints: Hints<Key, Value> | undefined;
  readonly #options: LoaderOptions<Key, Value>;
  readonly #dataLoader: DataLoader<Key, Value>;
  #loads = 0;

  constructor(options: LoaderOptions<Key, Value>) {
    this.#options = options;
    this.#dataLoader = new DataLoader((keys) => this.#readBatch(keys));
  }

  load(key: Key): Promise<Value> {
    this.#loads += 1;
    return this.#dataLoader.load(key);
  }

  /** Forgets what was read, because something was written. */
  clear(): void {
    this.#dataLoader.clearAll();
    this.hints = undefined;
  }

  #readBatch(keys: readonly Key[]): Promise<(Value | Error)[]> {
    const { operation, onBatch, manyLoads = 50 } = this.#options;
    onBatch?.(operation, keys.length);
    if (this.hints !== undefined) return this.#readUnknown(keys, this.hints);
    return this.#loads < manyLoads ? this.#readAll(keys) : this.#readMany(keys);
  }

  /** Reads each key, at most `concurrency` at a time. A failure becomes the Error of its key, as DataLoader expects. */
  #readAll(keys: readonly Key[]): Promise<(Value | Error)[]> {
    const { reads, read } = this.#options;
    const [first] = keys;
    if (first === undefined) return Promise.resolve([]);
    if (keys.length === 1) {
      return read(first).then(
        (reading) => [this.#accept(reading)],
        (reason: unknown) => [toError(reason)],
      );
    }
    return new Promise((resolve) => {
      const values = Array.from<Value | Error>({ length: keys.length });
      let next = 0;
      let left = keys.length;
      const readNext = () => {
        if (next === keys.length) return;
        const index = next;
        next += 1;
        const settle = (value: Value | Error) => {
          values[index] = value;
          left -= 1;
          if (left === 0) resolve(values);
          else readNext();
        };
        read(keys[index] as Key).then(
          (reading) => settle(this.#accept(reading)),
          (reason: unknown) => settle(toError(reason)),
        );
      };
      const width = Math.min(reads.concurrency, keys.length);
      for (let slot = 0; slot < width; slot += 1) readNext();
    });
  }

  async #readMany(keys: readonly Key[]): Promise<(Value | Error)[]> {
    const startedAtMs = performance.now();
    const values = await this.#readAll(keys);
    if (performance.now() - startedAtMs >= memoryReadMs) await this.#options.reads.caller.resume?.();
    return values;
  }

  /** Returns the value of a reading, and records how long it may be used. */
  #accept({ value, freshUntil }: Reading<Value>): Value {
    const { reads, onValue } = this.#options;
    if (freshUntil < reads.freshUntil) reads.freshUntil = freshUntil;
    onValue?.(value);
    return value;
  }

  /** Reads the keys that `hints` does not bring within `hintsTimeoutMs`. */
  async #readUnknown(
    keys: readonly Key[],
    { pending, known }: Hints<Key, Value>,
  ): Promise<(Value | Error)[]> {
    await settleWithin(pending, hintsTimeoutMs);
    const unknown = keys.filter((key) => !known.has(key));
    const values = await this.#readAll(unknown);
    const readValues = new Map(unknown.map((key, index) => [key, values[index]]));
    await this.#options.reads.caller.resume?.();
    // Each key is in one of the two.
    return keys.map((key) => (known.get(key) ?? readValues.get(key)) as Value | Error);
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Rejected without an Error', { cause: reason });
}
