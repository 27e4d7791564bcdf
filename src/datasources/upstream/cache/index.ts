import type { IncomingHttpHeaders } from 'node:http';
import type { Reading } from '../call.ts';
import type { CacheEntry, HeldEntry } from './entry.ts';
import { lifetimeOf, shorterLifetime, usableUntil } from './freshness.ts';
import type { FreshnessOptions } from './freshness.ts';
import type { MemoryStore } from './memory-store.ts';
import type { SharedStore, StoredEntry } from './shared-store.ts';
import { isConditional, selectHeaders } from './validators.ts';
import type { Validators } from './validators.ts';

export interface CacheOptions<Input, Value> {
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

/** The parts of a response that decide how long it is stored. */
interface Received {
  readonly headers: IncomingHttpHeaders;
  /** The time since the request was sent, in milliseconds. */
  readonly elapsedMs: number;
}

/** The cache of an endpoint. Keys contain the tenant's fingerprint and the input. */
export interface Cache<Input, Value> {
  /** Returns the entry in memory, whatever its age. */
  get(key: string): HeldEntry<Value> | undefined;
  /** Whether there is a shared tier. */
  readonly isShared: boolean;
  /** Returns the newest entry of all replicas, whatever its age, and stores it in memory. */
  getShared(key: string, input: Input): Promise<HeldEntry<Value> | undefined>;
  isFresh(entry: HeldEntry<Value>): boolean;
  mayServeWhileRevalidating(entry: HeldEntry<Value>): boolean;
  mayServeOnError(entry: HeldEntry<Value>): boolean;
  /** Returns the entry's value, and until when the service allows it to be used: the operator's TTL does not count. */
  read(entry: HeldEntry<Value>): Reading<Value>;
  /**
   * Stores an answer for as long as its headers and the options allow; where they do not, evicts the entry.
   *
   * @param previous the entry that the answer replaces
   */
  store(
    key: string,
    answer: Kept<Value>,
    received: Received,
    previous: CacheEntry<Value> | undefined,
  ): Reading<Value>;
  /** Stores an entry that a 304 has confirmed. */
  confirm(key: string, entry: CacheEntry<Value>, received: Received): Reading<Value>;
  /**
   * Evicts the entry from both tiers.
   *
   * @param previous the known entry
   */
  forget(key: string, previous: CacheEntry<Value> | undefined): void;
}

/** A value, and whether it is that of an absent thing. */
type Kept<Value> = Pick<CacheEntry<Value>, 'value' | 'isAbsent'>;

/** Creates the cache of one endpoint. */
export function createCache<Input, Value>(options: CacheOptions<Input, Value>): Cache<Input, Value> {
  const { encode, decode, absent, freshness, memory, shared, wallClock, now } = options;
  const codec = { encode };
  // All endpoints share the memory; their keys differ.
  const getOwn = memory.get as (key: string) => HeldEntry<Value> | undefined;

  /** Returns the time since the entry's request was sent, by the clock that shows more, in milliseconds. */
  function ageMs({ sentAt, sentAtMs }: HeldEntry<unknown>): number {
    const wallMs = wallClock() - sentAt;
    return wallMs < 0 ? Infinity : Math.max(wallMs, now() - sentAtMs);
  }

  function read(entry: HeldEntry<Value>): Reading<Value> {
    const { value, grantedMs } = entry;
    return { value, freshUntil: grantedMs === 0 ? 0 : wallClock() + grantedMs - ageMs(entry) };
  }

  function forget(key: string, previous: CacheEntry<Value> | undefined): void {
    memory.delete(key);
    shared?.delete(key, previous !== undefined);
  }

  function put(
    key: string,
    { value, isAbsent }: Kept<Value>,
    validators: Validators,
    elapsedMs: number,
    previous: CacheEntry<Value> | undefined,
  ): Reading<Value> {
    const receivedAt = wallClock();
    const lifetime = lifetimeOf(validators, !isAbsent, receivedAt - elapsedMs, freshness);
    const isUsable = lifetime !== undefined && usableUntil(lifetime) > receivedAt;
    if (lifetime === undefined || (!isUsable && !isConditional(validators))) {
      forget(key, previous);
      return { value, freshUntil: 0 };
    }
    const entry = { value, isAbsent, validators, ...lifetime };
    const held = { ...entry, sentAtMs: now() - elapsedMs };
    memory.set(key, held);
    if (isUsable) shared?.set(key, entry, codec, receivedAt);
    // An entry that serves only to revalidate is not shared, but must replace the shared one.
    else shared?.delete(key, previous !== undefined);
    return read(held);
  }

  /** Limits an entry of the shared store by this replica's options and clock: the writer's may be wrong. */
  function adopt({ storedMs, ...entry }: StoredEntry<Value>): HeldEntry<Value> | undefined {
    const wallMs = wallClock() - entry.sentAt;
    // Where this replica's clock is behind the writer's, the store's shows the greater age.
    const elapsedMs = Math.max(wallMs, storedMs);
    const own = lifetimeOf(entry.validators, !entry.isAbsent, entry.sentAt, freshness);
    if (wallMs < 0 || own === undefined) return undefined;
    return { ...entry, ...shorterLifetime(entry, own), sentAtMs: now() - elapsedMs };
  }

  return {
    get: getOwn,
    isShared: shared !== undefined,
    async getShared(key, input) {
      const stored = await shared?.get(key, { encode, absent, decode: (json) => decode(json, input) });
      const entry = stored && adopt(stored);
      const own = getOwn(key);
      if (entry === undefined || (own !== undefined && own.sentAt >= entry.sentAt)) return own;
      memory.set(key, entry);
      return entry;
    },
    isFresh: (entry) => ageMs(entry) < entry.freshMs,
    mayServeWhileRevalidating: (entry) => ageMs(entry) < entry.staleWhileRevalidateMs,
    mayServeOnError: (entry) => ageMs(entry) < entry.staleIfErrorMs,
    read,
    store(key, answer, { headers, elapsedMs }, previous) {
      const { value, isAbsent } = answer;
      // Skips the work in the common case: neither the service nor the operator allows the answer to be stored.
      const { 'cache-control': cacheControl, expires } = headers;
      const allowedMs = isAbsent ? freshness.notFoundTtlMs : freshness.ttlMs;
      if (allowedMs === 0 && cacheControl === undefined && expires === undefined && previous === undefined) {
        forget(key, previous);
        return { value, freshUntil: 0 };
      }
      const { etag, 'last-modified': lastModified, ...others } = selectHeaders(headers);
      // A 304 confirms a 200 (RFC 9110, section 15.4.5), and no 404.
      const validators = isAbsent ? others : { ...others, etag, 'last-modified': lastModified };
      return put(key, answer, validators, elapsedMs, previous);
    },
    confirm: (key, previous, { headers, elapsedMs }) =>
      put(key, previous, selectHeaders(headers, previous.validators), elapsedMs, previous),
    forget,
  };
}
