import { LRUCache } from 'lru-cache';
import { sizeOf } from './entry.ts';
import type { HeldEntry } from './entry.ts';

export interface MemoryStoreOptions {
  /** @default 10000 */
  readonly maxEntries: number;
  /** About how much memory the entries may take together. @default 33554432 */
  readonly maxBytes: number;
}

/** The entries in this process. The least recently used are evicted first. */
export interface MemoryStore {
  readonly get: (key: string) => HeldEntry<unknown> | undefined;
  set(key: string, entry: HeldEntry<unknown>): void;
  delete(key: string): void;
}

export function createMemoryStore({ maxEntries, maxBytes }: MemoryStoreOptions): MemoryStore {
  const entries = new LRUCache<string, HeldEntry<unknown>>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: (entry, key) => sizeOf(key, entry),
  });
  return {
    // Skips the hash of the key where nothing is ever kept.
    get: (key) => (entries.size === 0 ? undefined : entries.get(key)),
    set: (key, entry) => void entries.set(key, entry),
    delete: (key) => void (entries.size > 0 && entries.delete(key)),
  };
}
