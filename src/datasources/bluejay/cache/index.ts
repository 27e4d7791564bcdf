import type { IncomingHttpHeaders } from 'node:http';
import type { Reading } from '../call.ts';
import type { CustomerPersona } from '../decode-customer-persona.ts';
import { readEntry } from './entry.ts';
import type { CacheEntry } from './entry.ts';
import { keepHeaders, lifetimeOf } from './freshness.ts';
import type { FreshnessOptions, Validators } from './freshness.ts';
import type { MemoryStore } from './memory-store.ts';
import type { SharedStore } from './shared-store.ts';

export interface CacheOptions {
  readonly freshness: FreshnessOptions;
  readonly memory: MemoryStore;
  /** Behind the memory, for all replicas. */
  readonly shared?: SharedStore | undefined;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
}

/** What is known of a persona without asking Bluejay. Keys hold the tenant's fingerprint and the id. */
export interface Cache {
  /** The entry in memory, whatever its age. */
  get(key: string): CacheEntry | undefined;
  /** Whether there is a store behind the memory. */
  readonly isShared: boolean;
  /** A fresh entry of another replica's, which is then in memory too; else any older one. */
  getShared(key: string, id: string): Promise<CacheEntry | undefined>;
  isFresh(entry: CacheEntry): boolean;
  mayServeWhileRevalidating(entry: CacheEntry): boolean;
  mayServeOnError(entry: CacheEntry): boolean;
  /**
   * Keeps an answer as long as its headers and the options allow; else nothing is kept any more.
   *
   * @param previous what was known before
   */
  store(
    key: string,
    persona: CustomerPersona | null,
    headers: IncomingHttpHeaders,
    previous: CacheEntry | undefined,
  ): Reading<CustomerPersona | null>;
  /** Keeps an entry that a 304 has confirmed. */
  confirm(key: string, entry: CacheEntry, headers: IncomingHttpHeaders): Reading<CustomerPersona | null>;
  /** What was kept is not to be used again, on any replica that asks. */
  forget(key: string): void;
}

export function createCache({ freshness, memory, shared, wallClock }: CacheOptions): Cache {
  const isFresh = (entry: CacheEntry) => wallClock() < entry.freshUntil;

  function forget(key: string): void {
    memory.delete(key);
    shared?.delete(key);
  }

  function keep(key: string, persona: CustomerPersona | null, validators: Validators) {
    const now = wallClock();
    const lifetime = lifetimeOf(validators, persona !== null, now, freshness);
    if (lifetime === undefined) {
      forget(key);
      return { value: persona, freshUntil: 0 };
    }
    const entry = { persona, validators, ...lifetime };
    memory.set(key, entry);
    shared?.set(key, entry, now);
    return readEntry(entry);
  }

  return {
    get: (key) => memory.get(key),
    isShared: shared !== undefined,
    async getShared(key, id) {
      const entry = await shared?.get(key, id);
      if (entry !== undefined && isFresh(entry)) memory.set(key, entry);
      return entry;
    },
    isFresh,
    mayServeWhileRevalidating: (entry) => wallClock() < entry.staleWhileRevalidateUntil,
    mayServeOnError: (entry) => wallClock() < entry.staleIfErrorUntil,
    store(key, persona, headers, previous) {
      // The common case must cost nothing: nobody has said anything about keeping the answer.
      const { 'cache-control': cacheControl, expires } = headers;
      const allowedMs = persona === null ? freshness.notFoundTtlMs : freshness.ttlMs;
      if (allowedMs === 0 && cacheControl === undefined && expires === undefined && previous === undefined) {
        memory.delete(key);
        return { value: persona, freshUntil: 0 };
      }
      return keep(key, persona, keepHeaders(headers));
    },
    confirm: (key, { persona, validators }, headers) => keep(key, persona, keepHeaders(headers, validators)),
    forget,
  };
}
