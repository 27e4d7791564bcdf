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
  /** Of the endpoint whose answers are kept; `decode` returns undefined for what is no value of the input. */
  readonly encode: (value: Value) => object;
  readonly decode: (json: unknown, input: Input) => Value | undefined;
  readonly absent: Value;
  readonly freshness: FreshnessOptions;
  readonly memory: MemoryStore;
  /** Behind the memory, for all replicas. */
  readonly shared?: SharedStore | undefined;
  /** Milliseconds since the epoch. It may jump: that makes entries stale, and none live longer. */
  readonly wallClock: () => number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** What decides on how long a response is kept. */
interface Received {
  readonly headers: IncomingHttpHeaders;
  /** How long ago the request was sent. */
  readonly elapsedMs: number;
}

/** The answers of an endpoint that are kept. Keys hold the tenant's fingerprint and the input. */
export interface Cache<Input, Value> {
  /** The entry in memory, whatever its age. */
  get(key: string): HeldEntry<Value> | undefined;
  /** Whether there is a store behind the memory. */
  readonly isShared: boolean;
  /** The newest entry of any replica's, whatever its age. It is in memory then. */
  getShared(key: string, input: Input): Promise<HeldEntry<Value> | undefined>;
  isFresh(entry: HeldEntry<Value>): boolean;
  mayServeWhileRevalidating(entry: HeldEntry<Value>): boolean;
  mayServeOnError(entry: HeldEntry<Value>): boolean;
  /** The entry's value. That the operator lets it be kept does not mean that the service allows it. */
  read(entry: HeldEntry<Value>): Reading<Value>;
  /**
   * Keeps an answer as long as its headers and the options allow; where they do not, evicts the entry.
   *
   * @param previous the entry that the answer replaces
   */
  store(
    key: string,
    answer: Kept<Value>,
    received: Received,
    previous: CacheEntry<Value> | undefined,
  ): Reading<Value>;
  /** Keeps an entry that a 304 has confirmed. */
  confirm(key: string, entry: CacheEntry<Value>, received: Received): Reading<Value>;
  /**
   * Evicts the entry, for every replica.
   *
   * @param previous the entry, where one is known
   */
  forget(key: string, previous: CacheEntry<Value> | undefined): void;
}

/** A value, and whether it stands for the service's "there is none". */
type Kept<Value> = Pick<CacheEntry<Value>, 'value' | 'isAbsent'>;

export function createCache<Input, Value>(options: CacheOptions<Input, Value>): Cache<Input, Value> {
  const { encode, decode, absent, freshness, memory, shared, wallClock, now } = options;
  const codec = { encode };
  // All endpoints share the memory; their keys differ.
  const getOwn = memory.get as (key: string) => HeldEntry<Value> | undefined;

  /** How long ago the entry's request was sent, by the clock that says longer. */
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
    // Its validator alone is not worth sharing; what it replaces must not outlive it.
    else shared?.delete(key, previous !== undefined);
    return read(held);
  }

  /** An entry of the shared store, as if this replica had kept it: another one's options, or clock, may be wrong. */
  function adopt({ storedMs, ...entry }: StoredEntry<Value>): HeldEntry<Value> | undefined {
    const wallMs = wallClock() - entry.sentAt;
    // Where this replica's clock is behind the writer's, the store's knows better.
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
      // The common case costs nothing: neither the service nor the operator allows the answer to be kept.
      const { 'cache-control': cacheControl, expires } = headers;
      const allowedMs = isAbsent ? freshness.notFoundTtlMs : freshness.ttlMs;
      if (allowedMs === 0 && cacheControl === undefined && expires === undefined && previous === undefined) {
        forget(key, previous);
        return { value, freshUntil: 0 };
      }
      const { etag, 'last-modified': lastModified, ...others } = selectHeaders(headers);
      // A 304 stands for a 200 (RFC 9110, section 15.4.5): it cannot confirm that there is none.
      const validators = isAbsent ? others : { ...others, etag, 'last-modified': lastModified };
      return put(key, answer, validators, elapsedMs, previous);
    },
    confirm: (key, previous, { headers, elapsedMs }) =>
      put(key, previous, selectHeaders(headers, previous.validators), elapsedMs, previous),
    forget,
  };
}
