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
  /** The prefix of the keys, which separates programs in the same store. */
  readonly keyPrefix: string;
  /** The longest that a read or a write may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Called once for each change. `reason`: the code of the failure, such as `timeout` or `READONLY`. */
  readonly onStateChange: (state: SharedStoreState, reason?: string) => void;
}

/** `garbage`: it contains a value that no replica of this version wrote. */
export type SharedStoreState = RedisState | 'garbage';

/** An entry, and the time that the store has contained it in milliseconds, by the store's clock. */
export type StoredEntry<Value> = CacheEntry<Value> & { readonly storedMs: number };

/** The entries that replicas share. It is optional, so it never throws and never waits long. */
export interface SharedStore {
  /** Returns the entry of a key; undefined without one, and where the store does not answer. */
  get<Value>(key: string, codec: ValueCodec<Value>): Promise<StoredEntry<Value> | undefined>;
  /** Stores an entry that is usable after `now`, in milliseconds since the epoch. */
  set<Value>(
    key: string,
    entry: CacheEntry<Value>,
    codec: Pick<ValueCodec<Value>, 'encode'>,
    now: number,
  ): void;
  /**
   * Deletes an entry. It is not returned again, even while the store cannot delete it.
   *
   * @param wasSeen whether an entry is known to be stored. Otherwise none is, unless reads have failed recently
   */
  delete(key: string, wasSeen: boolean): void;
  close(): void;
}

/** The longest that an entry is stored, in milliseconds, whatever the service allows. */
const maxLifetimeMs = 2 * 86_400_000;
/** The longest time from a read of the shared store to the service's answer, in milliseconds. */
const maxReadMs = 60_000;
/** How long Redis may still execute a command that got no reply, in milliseconds. */
const settleMs = 10_000;
/** The time without garbage after which it is reported again, in milliseconds. */
const calmMs = 10_000;

/** Connects to a shared store in the background. */
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
    // Redis may execute a SET that got no reply after this DEL.
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
      // Pipelined: one round trip.
      const replies = await redis.attempt('read', (client) =>
        Promise.all([
          client.get(keyPrefix + key).catch(garbageIfOfWrongType),
          // Where an access list forbids it, the wall clock alone shows the age.
          client.pTTL(keyPrefix + key).catch(() => Infinity),
        ]),
      );
      if (replies === undefined) unreadableAtMs = performance.now();
      const [encoded = null, leftMs = 0] = replies ?? [];
      if (encoded === null || forgotten.has(key)) return undefined;
      const entry = decodeEntry(encoded, codec);
      // A miss: the service's answer replaces the garbage.
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

/** Treats a list or a hash under our key as garbage, and not as a failure of the store. */
function garbageIfOfWrongType(error: unknown): string {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return '';
  throw error;
}
