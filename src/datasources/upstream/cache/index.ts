import type { IncomingHttpHeaders } from 'node:http';
import type { Reading } from '../call.ts';
import type { CustomerPersona } from '../../bluejay/decode-customer-persona.ts';
import type { CacheEntry, HeldEntry } from './entry.ts';
import { lifetimeOf, shorterLifetime, usableUntil } from './freshness.ts';
import type { FreshnessOptions } from './freshness.ts';
import type { MemoryStore } from './memory-store.ts';
import type { SharedStore, StoredEntry } from './shared-store.ts';
import { isConditional, selectHeaders } from './validators.ts';
import type { Validators } from './validators.ts';

export interface CacheOptions {
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

/** The answers of Bluejay's that are kept. Keys hold the tenant's fingerprint and the id. */
export interface Cache {
  /** The entry in memory, whatever its age. */
  get(key: string): HeldEntry | undefined;
  /** Whether there is a store behind the memory. */
  readonly isShared: boolean;
  /** The newest entry of any replica's, whatever its age. It is in memory then. */
  getShared(key: string, id: string): Promise<HeldEntry | undefined>;
  isFresh(entry: HeldEntry): boolean;
  mayServeWhileRevalidating(entry: HeldEntry): boolean;
  mayServeOnError(entry: HeldEntry): boolean;
  /** The entry's value. That the operator lets it be kept does not mean that Bluejay allows it. */
  read(entry: HeldEntry): Reading<CustomerPersona | null>;
  /**
   * Keeps an answer as long as its headers and the options allow; where they do not, evicts the entry.
   *
   * @param previous the entry that the answer replaces
   */
  store(
    key: string,
    persona: CustomerPersona | null,
    received: Received,
    previous: CacheEntry | undefined,
  ): Reading<CustomerPersona | null>;
  /** Keeps an entry that a 304 has confirmed. */
  confirm(key: string, entry: CacheEntry, received: Received): Reading<CustomerPersona | null>;
  /**
   * Evicts the entry, for every replica.
   *
   * @param previous the entry, where one is known
   */
  forget(key: string, previous: CacheEntry | undefined): void;
}

export function createCache({ freshness, memory, shared, wallClock, now }: CacheOptions): Cache {
  /** How long ago the entry's request was sent, by the clock that says longer. */
  function ageMs({ sentAt, sentAtMs }: HeldEntry): number {
    const wallMs = wallClock() - sentAt;
    return wallMs < 0 ? Infinity : Math.max(wallMs, now() - sentAtMs);
  }

  function read(entry: HeldEntry): Reading<CustomerPersona | null> {
    const { persona, grantedMs } = entry;
    return { value: persona, freshUntil: grantedMs === 0 ? 0 : wallClock() + grantedMs - ageMs(entry) };
  }

  function forget(key: string, previous: CacheEntry | undefined): void {
    memory.delete(key);
    shared?.delete(key, previous !== undefined);
  }

  function put(
    key: string,
    persona: CustomerPersona | null,
    validators: Validators,
    elapsedMs: number,
    previous: CacheEntry | undefined,
  ): Reading<CustomerPersona | null> {
    const receivedAt = wallClock();
    const lifetime = lifetimeOf(validators, persona !== null, receivedAt - elapsedMs, freshness);
    const isUsable = lifetime !== undefined && usableUntil(lifetime) > receivedAt;
    if (lifetime === undefined || (!isUsable && !isConditional(validators))) {
      forget(key, previous);
      return { value: persona, freshUntil: 0 };
    }
    const entry = { persona, validators, ...lifetime };
    const held = { ...entry, sentAtMs: now() - elapsedMs };
    memory.set(key, held);
    if (isUsable) shared?.set(key, entry, receivedAt);
    // Its validator alone is not worth sharing; what it replaces must not outlive it.
    else shared?.delete(key, previous !== undefined);
    return read(held);
  }

  /** An entry of the shared store, as if this replica had kept it: another one's options, or clock, may be wrong. */
  function adopt({ storedMs, ...entry }: StoredEntry): HeldEntry | undefined {
    const wallMs = wallClock() - entry.sentAt;
    // Where this replica's clock is behind the writer's, the store's knows better.
    const elapsedMs = Math.max(wallMs, storedMs);
    const own = lifetimeOf(entry.validators, entry.persona !== null, entry.sentAt, freshness);
    if (wallMs < 0 || own === undefined) return undefined;
    return { ...entry, ...shorterLifetime(entry, own), sentAtMs: now() - elapsedMs };
  }

  return {
    get: (key) => memory.get(key),
    isShared: shared !== undefined,
    async getShared(key, id) {
      const stored = await shared?.get(key, id);
      const entry = stored && adopt(stored);
      const own = memory.get(key);
      if (entry === undefined || (own !== undefined && own.sentAt >= entry.sentAt)) return own;
      memory.set(key, entry);
      return entry;
    },
    isFresh: (entry) => ageMs(entry) < entry.freshMs,
    mayServeWhileRevalidating: (entry) => ageMs(entry) < entry.staleWhileRevalidateMs,
    mayServeOnError: (entry) => ageMs(entry) < entry.staleIfErrorMs,
    read,
    store(key, persona, { headers, elapsedMs }, previous) {
      // The common case costs nothing: neither Bluejay nor the operator allows the answer to be kept.
      const { 'cache-control': cacheControl, expires } = headers;
      const allowedMs = persona === null ? freshness.notFoundTtlMs : freshness.ttlMs;
      if (allowedMs === 0 && cacheControl === undefined && expires === undefined && previous === undefined) {
        forget(key, previous);
        return { value: persona, freshUntil: 0 };
      }
      const { etag, 'last-modified': lastModified, ...others } = selectHeaders(headers);
      // A 304 stands for a 200 (RFC 9110, section 15.4.5): it cannot confirm that there is no persona.
      const validators = persona === null ? others : { ...others, etag, 'last-modified': lastModified };
      return put(key, persona, validators, elapsedMs, previous);
    },
    confirm: (key, previous, { headers, elapsedMs }) =>
      put(key, previous.persona, selectHeaders(headers, previous.validators), elapsedMs, previous),
    forget,
  };
}
