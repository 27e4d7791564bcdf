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

/** Reads of one endpoint within a request: each key once, many at a time, each failing on its own. */
export interface Loader<Key, Value> {
  /** Values to use instead of reading them. @default none */
  hints: Hints<Key, Value> | undefined;
  load(key: Key): Promise<Value>;
  /** Forgets what was read, because something was written. */
  clear(): void;
}

/** How long loads wait for the reads of `hints`, in milliseconds. After that they read for themselves. */
const hintsTimeoutMs = 500;
/** A batch that takes less has read from memory only, in milliseconds: a call to a service takes longer. */
const memoryReadMs = 1;

/**
 * Creates a DataLoader over an endpoint that reads one key at a time: a batch is a fan-out. The values of a large batch
 * wait for `Caller.resume`, because the request then computes for a while.
 */
export function createLoader<Key extends string | number, Value>(
  options: LoaderOptions<Key, Value>,
): Loader<Key, Value> {
  const { reads, operation, read, onBatch, onValue, manyLoads = 50 } = options;
  let loads = 0;

  const dataLoader = new DataLoader<Key, Value>(async (keys) => {
    onBatch?.(operation, keys.length);
    if (loader.hints !== undefined) return readUnknown(keys, loader.hints);
    if (loads < manyLoads) return readAll(keys);
    const startedAtMs = performance.now();
    const values = await readAll(keys);
    if (performance.now() - startedAtMs >= memoryReadMs) await reads.caller.resume?.();
    return values;
  });

  const loader: Loader<Key, Value> = {
    hints: undefined,
    load(key) {
      loads += 1;
      return dataLoader.load(key);
    },
    clear() {
      dataLoader.clearAll();
      loader.hints = undefined;
    },
  };
  return loader;

  /** Reads each key, at most `concurrency` at a time. A failure becomes the Error of its key, as DataLoader expects. */
  async function readAll(keys: readonly Key[]): Promise<(Value | Error)[]> {
    const values = Array.from<Value | Error>({ length: keys.length });
    let next = 0;
    async function readRemaining(): Promise<void> {
      while (next < keys.length) {
        const index = next;
        next += 1;
        // oxlint-disable-next-line no-await-in-loop -- several of these loops run at a time
        values[index] = await read(keys[index] as Key).then(accept, toError);
      }
    }
    const width = Math.min(reads.concurrency, keys.length);
    await Promise.all(Array.from({ length: width }, readRemaining));
    return values;
  }

  /** Returns the value of a reading, and records how long it may be used. */
  function accept({ value, freshUntil }: Reading<Value>): Value {
    if (freshUntil < reads.freshUntil) reads.freshUntil = freshUntil;
    onValue?.(value);
    return value;
  }

  /** Reads the keys that `hints` does not bring within `hintsTimeoutMs`. */
  async function readUnknown(
    keys: readonly Key[],
    { pending, known }: Hints<Key, Value>,
  ): Promise<(Value | Error)[]> {
    await settleWithin(pending, hintsTimeoutMs);
    const unknown = keys.filter((key) => !known.has(key));
    const values = await readAll(unknown);
    const readValues = new Map(unknown.map((key, index) => [key, values[index]]));
    await reads.caller.resume?.();
    // Each key is in one of the two.
    return keys.map((key) => (known.get(key) ?? readValues.get(key)) as Value | Error);
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Rejected without an Error', { cause: reason });
}
