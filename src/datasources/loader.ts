import DataLoader from 'dataloader';
import type { Caller, Reading } from './upstream/call.ts';
import { mapSettled } from './upstream/map-settled.ts';
import { settleWithin } from './upstream/settle-within.ts';

export interface LoaderOptions<Key, Value> {
  /** Of the endpoint that is read, for `onBatch`. */
  readonly operation: string;
  readonly read: (key: Key, caller: Caller) => Promise<Reading<Value>>;
  readonly caller: Caller;
  /** The most reads of a batch in flight. */
  readonly concurrency: number;
  /** Told of each read, until when the service allows it to be used (milliseconds since the epoch). */
  readonly onRead: (freshUntil: number) => void;
  /** Told of each batch: how many different things it reads. */
  readonly onBatch: ((operation: string, size: number) => void) | undefined;
  /** Called with each value that was read. @default none */
  readonly onValue?: (value: Value) => void;
  /** Where values may come from instead; undefined while there is no such place. @default nowhere */
  readonly hints?: () => Hints<Key, Value> | undefined;
  /** After how many loads of a request their values are a lot to hand over. @default 50 */
  readonly manyLoads?: number;
}

/** Values that other reads of the same request bring. */
interface Hints<Key, Value> {
  /** The reads that are under way. */
  readonly pending: Iterable<Promise<unknown>>;
  readonly known: ReadonlyMap<Key, Value>;
}

/** Reads of one endpoint within a request: each key once, many at a time, each failing on its own. */
export interface Loader<Key, Value> {
  load(key: Key): Promise<Value>;
}

/** How long loads wait for reads that may bring their values. One that takes longer holds up nobody. */
const hintsHeadStartMs = 500;
/** Less than a call to a service takes. */
const briefMs = 1;

/**
 * A DataLoader over an endpoint that reads one key at a time: a batch is a fan-out. Where a request makes much of what
 * it reads, it waits for its turn before the values are handed over.
 */
export function createLoader<Key extends string | number, Value>(
  options: LoaderOptions<Key, Value>,
): Loader<Key, Value> {
  const { operation, read, caller, concurrency, onRead, onBatch, onValue, hints, manyLoads = 50 } = options;
  let loads = 0;

  const loader = new DataLoader<Key, Value>(async (keys) => {
    onBatch?.(operation, keys.length);
    const found = hints?.();
    if (found !== undefined) return readUnknown(keys, found);
    if (loads < manyLoads) return readAll(keys);
    const startedAt = performance.now();
    const values = await readAll(keys);
    // What is cached was there at once, and its request has its turn still.
    return performance.now() - startedAt < briefMs ? values : handOver(values);
  });

  const readAll = (keys: readonly Key[]) => mapSettled(keys, concurrency, (key) => read(key, caller), accept);

  /** The value of a reading, noting how long it may be used. */
  function accept({ value, freshUntil }: Reading<Value>): Value {
    onRead(freshUntil);
    onValue?.(value);
    return value;
  }

  async function readUnknown(
    keys: readonly Key[],
    { pending, known }: Hints<Key, Value>,
  ): Promise<(Value | Error)[]> {
    await settleWithin(pending, hintsHeadStartMs);
    const unknown = keys.filter((key) => !known.has(key));
    const values = await readAll(unknown);
    const readValues = new Map(unknown.map((key, index) => [key, values[index]]));
    // Each key is in one of the two.
    return handOver(keys.map((key) => (known.get(key) ?? readValues.get(key)) as Value | Error));
  }

  /** What is made of it takes time, and many requests may have waited for one and the same read. */
  async function handOver<Values>(values: Values): Promise<Values> {
    await caller.resume?.();
    return values;
  }

  return {
    load(key) {
      loads += 1;
      return loader.load(key);
    },
  };
}
