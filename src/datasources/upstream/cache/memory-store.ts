import { LRUCache } from 'lru-cache';
import { sizeOf } from './entry.ts';
import type { HeldEntry } from './entry.ts';

export interface MemoryStoreOptions {
  /** @default 10000 */
  readonly maxEntries: number;
  /** The most memory that all entries may take, as estimated. @default 33554432 */
  readonly maxBytes: number;
}

/** The entries in this process. The least recently used are evicted first. */
export interface MemoryStore {
  readonly get: (key: string) => HeldEntry<unknown> | undefined;
  set(key: string, entry: HeldEntry<unknown>): void;
  delete(key: string): void;
}

/** Creates an empty store. */
export function createMemoryStore({ maxEntries, maxBytes }: MemoryStoreOptions): MemoryStore {
  const entries = new LRUCache<string, HeldEntry<unknown>>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: (entry, key) => sizeOf(key, entry),
  });
  return {
    // Skips hashing the key where the store is empty.
    get: (key) => (entries.size === 0 ? undefined : entries.get(key)),
    set: (key, entry) => void entries.set(key, entry),
    delete: (key) => void (entries.size > 0 && entries.delete(key)),
  };
}
