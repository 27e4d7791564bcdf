import { createGuardedRedis } from '../../../shared/redis/guarded-redis.ts';
import type { RedisState } from '../../../shared/redis/redis-health.ts';
import { decodeEntry, encodeEntry } from './entry.ts';
import type { CacheEntry, ValueCodec } from './entry.ts';
import { createForgottenKeys } from './forgotten-keys.ts';
import type { Removal } from './forgotten-keys.ts';
import { usableUntil } from './freshness.ts';

export interface SharedStoreOptions {
  /** `redis://` or `rediss://`, of Redis or Valkey. */
  readonly url: string;
  /** What the keys begin with. It tells one program's entries from another's in the same store. */
  readonly keyPrefix: string;
  /** The longest that a read or a write may hold up, in milliseconds. */
  readonly timeoutMs: number;
  /** Told of each change once; `reason` is the code of what went wrong, such as `timeout` or `READONLY`. */
  readonly onStateChange: (state: SharedStoreState, reason?: string) => void;
}

/** `garbage`: it holds something that no replica of this version wrote. */
export type SharedStoreState = RedisState | 'garbage';

/** An entry, and for how many milliseconds the store has had it, by the one clock that all replicas share. */
export type StoredEntry<Value> = CacheEntry<Value> & { readonly storedMs: number };

/** Answers shared between replicas. It never throws and never waits long: without it there is one tier less. */
export interface SharedStore {
  get<Value>(key: string, codec: ValueCodec<Value>): Promise<StoredEntry<Value> | undefined>;
  /** Stores an entry that is of use after `now`. */
  set<Value>(
    key: string,
    entry: CacheEntry<Value>,
    codec: Pick<ValueCodec<Value>, 'encode'>,
    now: number,
  ): void;
  /**
   * What was stored before is not returned again, also while it cannot be deleted.
   *
   * @param wasSeen whether something is known to be stored. Otherwise nothing is, unless the store could not be read
   *   of late
   */
  delete(key: string, wasSeen: boolean): void;
  close(): void;
}

/** The longest that an entry is stored, in milliseconds, whatever the service allows. */
const maxLifetimeMs = 2 * 86_400_000;
/** The longest that the service takes to answer a read that began with the shared store. */
const maxReadMs = 60_000;
/** How long after a command was left without a reply it may still be executed. */
const settleMs = 10_000;
/** How long there must be no garbage until it is reported again. */
const calmMs = 10_000;

export function createSharedStore(options: SharedStoreOptions): SharedStore {
  const { url, keyPrefix, timeoutMs, onStateChange } = options;
  const redis = createGuardedRedis({ url, timeoutMs, onStateChange });
  const forgotten = createForgottenKeys({ remove, lifetimeMs: maxLifetimeMs, settleMs });
  let sawGarbageAtMs = -Infinity;
  let unreadableAtMs = -Infinity;

  async function remove(key: string): Promise<Removal> {
    const sentAtMs = performance.now();
    const reply = await redis.attempt('delete', (client) => client.del(keyPrefix + key));
    if (reply === undefined) return 'failed';
    // Redis can execute a SET that was given up after this DEL.
    return sentAtMs - redis.unansweredAtMs > settleMs ? 'gone' : 'deleted';
  }

  async function write(key: string, text: string, ttlMs: number): Promise<void> {
    const mark = forgotten.get(key);
    const reply = await redis.attempt('write', (client) =>
      client.set(keyPrefix + key, text, { expiration: { type: 'PX', value: ttlMs } }),
    );
    if (reply !== undefined && mark !== undefined) forgotten.discard(key, mark);
  }

  return {
    async get(key, codec) {
      if (forgotten.has(key)) return undefined;
      // Sent together, so this is one round trip.
      const replies = await redis.attempt('read', (client) =>
        Promise.all([
          client.get(keyPrefix + key).catch(garbageIfOfWrongType),
          // Where an access list does not allow it, the wall clock alone tells the age.
          client.pTTL(keyPrefix + key).catch(() => Infinity),
        ]),
      );
      if (replies === undefined) unreadableAtMs = performance.now();
      const [encoded = null, leftMs = 0] = replies ?? [];
      if (encoded === null || forgotten.has(key)) return undefined;
      const entry = decodeEntry(encoded, codec);
      // A miss: what is read from the service instead takes its place.
      if (entry === undefined) {
        if (performance.now() - sawGarbageAtMs > calmMs) onStateChange('garbage');
        sawGarbageAtMs = performance.now();
        return undefined;
      }
      const storedMs = Math.min(usableUntil(entry) - entry.sentAt, maxLifetimeMs) - leftMs;
      if (forgotten.hasOfAge(leftMs === Infinity ? Infinity : storedMs)) return undefined;
      return { ...entry, storedMs };
    },
    set(key, entry, codec, now) {
      const ttlMs = Math.min(Math.ceil(usableUntil(entry) - now), maxLifetimeMs);
      void write(key, encodeEntry(entry, codec), ttlMs);
    },
    delete(key, wasSeen) {
      if (wasSeen || performance.now() - unreadableAtMs < maxReadMs) forgotten.add(key, wasSeen);
    },
    close() {
      forgotten.close();
      redis.close();
    },
  };
}

/** A list or a hash under our key is garbage, and no failure of the store. */
function garbageIfOfWrongType(error: unknown): string {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return '';
  throw error;
}
