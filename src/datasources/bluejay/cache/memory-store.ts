import { LRUCache } from 'lru-cache';
import { sizeOf } from './entry.ts';
import type { CacheEntry } from './entry.ts';

export interface MemoryStoreOptions {
  /** @default 10000 */
  readonly maxEntries: number;
  /** About how much memory the entries may take together. @default 33554432 */
  readonly maxBytes: number;
}

/** Answers in this process; the least recently used go first. */
export interface MemoryStore {
  get(key: string): CacheEntry | undefined;
  set(key: string, entry: CacheEntry): void;
  delete(key: string): void;
}

export function createMemoryStore({ maxEntries, maxBytes }: MemoryStoreOptions): MemoryStore {
  const entries = new LRUCache<string, CacheEntry>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: (entry, key) => sizeOf(key, entry),
  });
  return {
    // Where nothing is ever kept, nothing is looked for.
    get: (key) => (entries.size === 0 ? undefined : entries.get(key)),
    set: (key, entry) => void entries.set(key, entry),
    delete: (key) => void (entries.size > 0 && entries.delete(key)),
  };
}
