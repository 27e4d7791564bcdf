import { createGuardedRedis } from '../../guarded-redis.ts';
import { decodeEntry, encodeEntry } from './entry.ts';
import type { CacheEntry } from './entry.ts';
import { usableUntil } from './freshness.ts';

export interface SharedStoreOptions {
  /** `redis://` or `rediss://`, of Redis or Valkey. */
  readonly url: string;
  /** The longest that a read or a write may hold up. */
  readonly timeoutMs: number;
  readonly onStateChange: (state: SharedStoreState) => void;
}

/** `garbage`: it holds something that no replica of this version wrote. Each is told once, not each time. */
export type SharedStoreState = 'lost' | 'recovered' | 'garbage';

/** An entry, and in how many milliseconds the store removes it: its clock is the one that all replicas share. */
export type StoredEntry = CacheEntry & { readonly leftMs: number };

/** Answers shared between replicas. It never throws and never waits long: without it there is one tier less. */
export interface SharedStore {
  get(key: string, id: string): Promise<StoredEntry | undefined>;
  set(key: string, entry: CacheEntry, now: number): void;
  delete(key: string): void;
  close(): void;
}

/** Changes with the form of an entry, so that replicas of two versions do not read each other's. */
const prefix = 'bluejay-graphql:2:';

export function createSharedStore({ url, timeoutMs, onStateChange }: SharedStoreOptions): SharedStore {
  const redis = createGuardedRedis({ url, timeoutMs, onStateChange });
  let sawGarbage = false;
  return {
    async get(key, id) {
      // Sent together, so this is one round trip.
      const [encoded, leftMs] =
        (await redis.attempt((client) =>
          Promise.all([client.get(prefix + key).catch(garbageIfOfWrongType), client.pTTL(prefix + key)]),
        )) ?? [];
      if (encoded === undefined || encoded === null || leftMs === undefined) return undefined;
      const entry = decodeEntry(encoded, id);
      // A miss: what is read from Bluejay instead takes its place.
      if (entry === undefined && !sawGarbage) onStateChange('garbage');
      sawGarbage = entry === undefined;
      return entry && { ...entry, leftMs };
    },
    set(key, entry, now) {
      const ttlMs = Math.ceil(usableUntil(entry) - now);
      if (ttlMs <= 0) return;
      void redis.attempt((client) =>
        client.set(prefix + key, encodeEntry(entry), { expiration: { type: 'PX', value: ttlMs } }),
      );
    },
    delete: (key) => void redis.attempt((client) => client.del(prefix + key)),
    close: () => redis.close(),
  };
}

/** A list or a hash under our key is garbage, and no failure of the store. */
function garbageIfOfWrongType(error: unknown): string {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return '';
  throw error;
}
