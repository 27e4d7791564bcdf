import type { IncomingHttpHeaders } from 'node:http';
import type { Reading } from '../call.ts';
import type { CacheEntry, HeldEntry } from './entry.ts';
import { lifetimeOf, shorterLifetime, usableUntil } from './freshness.ts';
import type { FreshnessOptions } from './freshness.ts';
import type { Generations } from './generations.ts';
import type { MemoryStore } from './memory-store.ts';
import type { SharedStore, StoredEntry } from './shared-store.ts';
import type { StoreGeneration } from './store-generations.ts';
import { isConditional, selectHeaders } from './validators.ts';
import type { Validators } from './validators.ts';

export interface CacheOptions<Input, Value> {
  readonly operation: string;
  /** The generations that writes have started. */
  readonly generations: Generations;
  /** The codec of the endpoint; `decode` returns undefined for JSON that is not a value of the input. */
  readonly encode: (value: Value) => object;
  readonly decode: (json: unknown, input: Input) => Value | undefined;
  readonly absent: Value;
  readonly freshness: FreshnessOptions;
  readonly memory: MemoryStore;
  /** A second tier that all replicas share. @default none */
  readonly shared?: SharedStore | undefined;
  /** Milliseconds since the epoch. A jump makes entries stale, and prolongs none. */
  readonly wallClock: () => number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** A read, as far as what is kept of it is concerned. */
export interface ReadSlot {
  /** Holds the tenant's fingerprint and the resource. */
  readonly key: string;
  /** What is read, whoever reads it. */
  readonly resource: string;
  /** The one in which the read began: see `Generations`. */
  readonly generation: number;
  /** The same in the shared store; undefined where nothing may be stored there. */
  readonly storeGeneration?: StoreGeneration | undefined;
}

/** The entry of a slot, undefined where there is none. */
export interface FoundEntry<Value> {
  readonly slot: ReadSlot;
  readonly entry: HeldEntry<Value> | undefined;
}

/** The parts of a response that decide how long it is stored. */
interface Received {
  readonly headers: IncomingHttpHeaders;
  /** The time since the request was sent, in milliseconds. */
  readonly elapsedMs: number;
}

/** The cache of an endpoint. A write invalidates the entries of its resources. */
export interface Cache<Input, Value> {
  /** Returns the entry in memory, whatever its age. */
  get(slot: ReadSlot): HeldEntry<Value> | undefined;
  /** Whether there is a shared tier. */
  readonly isShared: boolean;
  /** Returns the newest entry of all replicas, whatever its age, and stores it in memory. `slot` has its place in the store. */
  getShared(slot: ReadSlot, input: Input): Promise<FoundEntry<Value>>;
  isFresh(entry: HeldEntry<Value>): boolean;
  mayServeWhileRevalidating(entry: HeldEntry<Value>): boolean;
  mayServeOnError(entry: HeldEntry<Value>): boolean;
  /** Returns the entry's value, and until when the service allows it to be used: the operator's TTL does not count. */
  read(entry: HeldEntry<Value>): Reading<Value>;
  /**
   * Stores an answer for as long as its headers and the options allow; where they do not, evicts the entry. Stores
   * nothing when its resource was written after the read began.
   *
   * @param previous the entry that the answer replaces
   */
  store(
    slot: ReadSlot,
    answer: Kept<Value>,
    received: Received,
    previous: CacheEntry<Value> | undefined,
  ): Reading<Value>;
  /** Stores an entry that a 304 has confirmed. */
  confirm(slot: ReadSlot, entry: CacheEntry<Value>, received: Received): Reading<Value>;
  /**
   * Evicts the entry from both tiers.
   *
   * @param previous the known entry
   */
  forget(slot: ReadSlot, previous: CacheEntry<Value> | undefined): void;
}

/** A value, and whether it is that of an absent thing. */
type Kept<Value> = Pick<CacheEntry<Value>, 'value' | 'isAbsent'>;

/** Creates the cache of one endpoint. */
export function createCache<Input, Value>(options: CacheOptions<Input, Value>): Cache<Input, Value> {
  const { encode, decode, absent, freshness, memory, shared, wallClock, now } = options;
  const { operation, generations } = options;
  const codec = { encode };

  function getOwn({ key, resource }: ReadSlot): HeldEntry<Value> | undefined {
    // All endpoints share the memory; their keys differ.
    const entry = memory.get(key) as HeldEntry<Value> | undefined;
    if (entry === undefined || !generations.allows(operation, resource, entry.generation)) return undefined;
    return entry;
  }

  /** Returns the time since the entry's request was sent, by the clock that shows more, in milliseconds. */
  function ageMs({ sentAt, sentAtMs }: HeldEntry<unknown>): number {
    const wallMs = wallClock() - sentAt;
    return wallMs < 0 ? Infinity : Math.max(wallMs, now() - sentAtMs);
  }

  function read(entry: HeldEntry<Value>): Reading<Value> {
    const { value, grantedMs } = entry;
    return { value, freshUntil: grantedMs === 0 ? 0 : wallClock() + grantedMs - ageMs(entry) };
  }

  function forget({ key, resource }: ReadSlot, previous: CacheEntry<Value> | undefined): void {
    memory.delete(key);
    shared?.delete(key, resource, previous !== undefined);
  }

  function put(
    slot: ReadSlot,
    { value, isAbsent }: Kept<Value>,
    validators: Validators,
    elapsedMs: number,
    previous: CacheEntry<Value> | undefined,
  ): Reading<Value> {
    const { key, resource, generation, storeGeneration } = slot;
    if (!generations.allows(operation, resource, generation)) return { value, freshUntil: 0 };
    const receivedAt = wallClock();
    const lifetime = lifetimeOf(validators, !isAbsent, receivedAt - elapsedMs, freshness);
    const isUsable = lifetime !== undefined && usableUntil(lifetime) > receivedAt;
    if (lifetime === undefined || (!isUsable && !isConditional(validators))) {
      forget(slot, previous);
      return { value, freshUntil: 0 };
    }
    const entry = { value, isAbsent, validators, ...lifetime };
    const held = { ...entry, sentAtMs: now() - elapsedMs, generation };
    memory.set(key, held);
    if (isUsable) {
      if (storeGeneration !== undefined)
        shared?.set(key, resource, entry, storeGeneration, codec, receivedAt);
    }
    // An entry that serves only to revalidate is not shared, but must replace the shared one.
    else shared?.delete(key, resource, previous !== undefined);
    return read(held);
  }

  /** Limits an entry of the shared store by this replica's options and clock: the writer's may be wrong. */
  function adopt(
    { storedMs, ...entry }: StoredEntry<Value>,
    generation: number,
  ): HeldEntry<Value> | undefined {
    const wallMs = wallClock() - entry.sentAt;
    // Where this replica's clock is behind the writer's, the store's shows the greater age.
    const elapsedMs = Math.max(wallMs, storedMs);
    const own = lifetimeOf(entry.validators, !entry.isAbsent, entry.sentAt, freshness);
    if (wallMs < 0 || own === undefined) return undefined;
    return { ...entry, ...shorterLifetime(entry, own), sentAtMs: now() - elapsedMs, generation };
  }

  return {
    get: getOwn,
    isShared: shared !== undefined,
    async getShared(slot, input) {
      const { key, resource, generation } = slot;
      const stored = await shared?.get(key, resource, {
        encode,
        absent,
        decode: (json) => decode(json, input),
      });
      const own = getOwn(slot);
      // Written since it was asked for, and perhaps not yet by then.
      if (!generations.allows(operation, resource, generation)) return { entry: own, slot };
      const seen = { ...slot, storeGeneration: stored?.generation };
      const entry = stored?.entry && adopt(stored.entry, generation);
      if (entry === undefined || (own !== undefined && own.sentAt >= entry.sentAt)) {
        return { entry: own, slot: seen };
      }
      memory.set(key, entry);
      return { entry, slot: seen };
    },
    isFresh: (entry) => ageMs(entry) < entry.freshMs,
    mayServeWhileRevalidating: (entry) => ageMs(entry) < entry.staleWhileRevalidateMs,
    mayServeOnError: (entry) => ageMs(entry) < entry.staleIfErrorMs,
    read,
    store(slot, answer, { headers, elapsedMs }, previous) {
      const { value, isAbsent } = answer;
      // Skips the work in the common case: neither the service nor the operator allows the answer to be stored.
      const { 'cache-control': cacheControl, expires } = headers;
      const allowedMs = isAbsent ? freshness.notFoundTtlMs : freshness.ttlMs;
      if (allowedMs === 0 && cacheControl === undefined && expires === undefined && previous === undefined) {
        forget(slot, previous);
        return { value, freshUntil: 0 };
      }
      const { etag, 'last-modified': lastModified, ...others } = selectHeaders(headers);
      // A 304 confirms a 200 (RFC 9110, section 15.4.5), and no 404.
      const validators = isAbsent ? others : { ...others, etag, 'last-modified': lastModified };
      return put(slot, answer, validators, elapsedMs, previous);
    },
    confirm: (slot, previous, { headers, elapsedMs }) =>
      put(slot, previous, selectHeaders(headers, previous.validators), elapsedMs, previous),
    forget,
  };
}
