import { LRUCache } from 'lru-cache';
import { sizeOf } from './entry.ts';
import type { HeldEntry } from './entry.ts';

export interface MemoryStoreOptions {
  /** @default 10000 */
  readonly maxEntries: number;
  /** The most bytes that the entries may take together, approximately. @default 33554432 */
  readonly maxBytes: number;
}

/** The entries in this process. A key begins with its owner, the fingerprint of an API key, and a colon. */
export interface MemoryStore {
  get(key: string): HeldEntry<unknown> | undefined;
  set(key: string, entry: HeldEntry<unknown>): void;
  delete(key: string): void;
  /** The bytes of all entries, approximately. */
  bytes(): number;
}

type Entries = LRUCache<string, HeldEntry<unknown>>;

/**
 * Creates a store whose room is shared between owners. Over a limit, an owner with more than its equal share loses the
 * entry that it used least recently: nobody loses a hot entry because another owner reads much.
 */
export function createMemoryStore({ maxEntries, maxBytes }: MemoryStoreOptions): MemoryStore {
  /** The owners with entries. Evictions look at the first one first. */
  const owners = new Map<string, Entries>();
  let entries = 0;
  let bytes = 0;

  function createEntries(): Entries {
    return new LRUCache({ maxSize: maxBytes, sizeCalculation: (entry, key) => sizeOf(key, entry) });
  }

  /** Changes the entries of an owner, and counts what that changes. */
  function change(owner: string, owned: Entries, act: () => void): void {
    const { size, calculatedSize } = owned;
    act();
    entries += owned.size - size;
    bytes += owned.calculatedSize - calculatedSize;
    if (owned.size === 0) owners.delete(owner);
  }

  function isOverShare({ size, calculatedSize }: Entries): boolean {
    return (
      (entries > maxEntries && size > maxEntries / owners.size) ||
      (bytes > maxBytes && calculatedSize > maxBytes / owners.size)
    );
  }

  /** Evicts until both limits hold. Where one does not, some owner has more than an equal share. */
  function evict(): void {
    while (entries > maxEntries || bytes > maxBytes) {
      const [first] = owners;
      if (first === undefined) return;
      const [owner, owned] = first;
      if (isOverShare(owned)) change(owner, owned, () => owned.pop());
      else {
        // Behind the others, so that the next eviction need not look at it again.
        owners.delete(owner);
        owners.set(owner, owned);
      }
    }
  }

  return {
    // Skips the search where nothing is stored.
    get: (key) => (entries === 0 ? undefined : owners.get(ownerOf(key))?.get(key)),
    set(key, entry) {
      const owner = ownerOf(key);
      let owned = owners.get(owner);
      if (owned === undefined) owners.set(owner, (owned = createEntries()));
      const own = owned;
      change(owner, own, () => own.set(key, entry));
      evict();
    },
    delete(key) {
      if (entries === 0) return;
      const owner = ownerOf(key);
      const owned = owners.get(owner);
      if (owned !== undefined) change(owner, owned, () => owned.delete(key));
    },
    bytes: () => bytes,
  };
}

function ownerOf(key: string): string {
  return key.slice(0, key.indexOf(':'));
}
