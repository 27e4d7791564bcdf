import { randomUUID } from 'node:crypto';
import { createGuardedRedis } from '../../../shared/redis/guarded-redis.ts';
import type { RedisState } from '../../../shared/redis/redis-health.ts';
import { decodeEntry, encodeEntry } from './entry.ts';
import type { CacheEntry, ValueCodec } from './entry.ts';
import type { FenceMessage } from './fence-message.ts';
import { createForgottenKeys } from './forgotten-keys.ts';
import type { Removal } from './forgotten-keys.ts';
import { usableUntil } from './freshness.ts';
import { createStoreGenerations, heldToken, slotTagOf } from './store-generations.ts';
import type { StoreGeneration } from './store-generations.ts';

export interface SharedStoreOptions {
  /** `redis://` or `rediss://`, of Redis or Valkey. */
  readonly url: string;
  /** The prefix of the keys, which separates programs in the same store. */
  readonly keyPrefix: string;
  /** Distinguishes the resources of services. The credentials are part of the entries' keys. */
  readonly scope: string;
  /** The longest that a read or a write may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long after a failure the store is tried again, in milliseconds. @default 1000 */
  readonly retryMs?: number | undefined;
  /** The most keys that are remembered because the store could not delete them. @default 10000 */
  readonly maxForgottenKeys?: number | undefined;
  /** Called once for each change. `reason`: the code of the failure, such as `timeout` or `READONLY`. */
  readonly onStateChange: (state: SharedStoreState, reason?: string) => void;
}

/** `garbage`: it contains a value that no replica of this version wrote. */
export type SharedStoreState = RedisState | 'garbage';

/** An entry, and the time that the store has contained it in milliseconds, by the store's clock. */
export type StoredEntry<Value> = CacheEntry<Value> & { readonly storedMs: number };

interface StoredRead<Value> {
  readonly entry: StoredEntry<Value> | undefined;
  /** Undefined while a write holds the resource: then nothing may be stored. */
  readonly generation: StoreGeneration | undefined;
}

/** The entries that replicas share. It is optional, so it never throws and never waits long. */
export interface SharedStore {
  /** Returns the entry of a key; undefined without one, and where the store does not answer. */
  get<Value>(key: string, resource: string, codec: ValueCodec<Value>): Promise<StoredRead<Value>>;
  /** Stores an entry that is usable after `now`, in milliseconds since the epoch. */
  set<Value>(
    key: string,
    resource: string,
    entry: CacheEntry<Value>,
    generation: StoreGeneration,
    codec: Pick<ValueCodec<Value>, 'encode'>,
    now: number,
  ): void;
  /** Makes the entries of the resources useless, lets none be stored for `message.holdMs`, and tells the replicas. */
  hold(message: FenceMessage): Promise<void>;
  /**
   * Makes the entries of the resources useless, also while the store cannot be reached, and tells the replicas.
   *
   * @param heldMs for how long still another write holds them
   */
  release(message: FenceMessage, heldMs: number): Promise<void>;
  /**
   * Deletes an entry. It is not returned again, even while the store cannot delete it.
   *
   * @param wasSeen whether an entry is known to be stored. Otherwise none is, unless reads have failed recently
   */
  delete(key: string, resource: string, wasSeen: boolean): void;
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
  const { url, keyPrefix, scope, timeoutMs, retryMs = 1_000, maxForgottenKeys, onStateChange } = options;
  const redis = createGuardedRedis({ url, timeoutMs, retryMs, onStateChange });
  // Later than the commands that show whether the store is back.
  const forgetting = { lifetimeMs: maxLifetimeMs, settleMs, retryMs: 2 * retryMs, maxKeys: maxForgottenKeys };
  const forgotten = createForgottenKeys({ remove, ...forgetting });
  const generations = createStoreGenerations({
    redis,
    keyPrefix,
    scope,
    ...forgetting,
  });
  let sawGarbageAtMs = -Infinity;
  let unreadableAtMs = -Infinity;

  async function remove(key: string): Promise<Removal> {
    const sentAtMs = performance.now();
    const reply = await redis.attempt('delete', (client) => client.del(key));
    if (reply === undefined) return 'failed';
    // Redis may execute a SET that got no reply after this DEL.
    return sentAtMs - redis.unansweredAtMs > settleMs ? 'gone' : 'deleted';
  }

  async function write(key: string, text: string, ttlMs: number): Promise<void> {
    const mark = forgotten.get(key);
    const reply = await redis.attempt('write', (client) =>
      client.set(key, text, { expiration: { type: 'PX', value: ttlMs } }),
    );
    if (reply !== undefined && mark !== undefined) forgotten.discard(key, mark);
  }

  /** The key of an entry, in the same slot as its generation. */
  function entryKeyOf(key: string, resource: string): string {
    return `${keyPrefix}${slotTagOf(resource)}${key}`;
  }

  return {
    async get(ownKey, resource, codec) {
      const key = entryKeyOf(ownKey, resource);
      // Pipelined: one round trip.
      const replies = await redis.attempt('read', (client) =>
        Promise.all([
          client.get(generations.keyOf(resource)).catch(garbageIfOfWrongType),
          client.get(key).catch(garbageIfOfWrongType),
          // Where an access list forbids it, the wall clock alone shows the age.
          client.pTTL(key).catch(() => Infinity),
        ]),
      );
      const seenAtMs = performance.now();
      if (replies === undefined) unreadableAtMs = seenAtMs;
      const [current = null, encoded = null, leftMs = 0] = replies ?? [];
      if (current === heldToken) return { entry: undefined, generation: undefined };
      const isNew = current === null;
      const generation = { token: current ?? randomUUID(), isNew, seenAtMs };
      const miss = { entry: undefined, generation };
      if (encoded === null || forgotten.has(key) || generations.isOutdated(resource)) return miss;
      const entry = decodeEntry(encoded, codec);
      // A miss: the service's answer replaces the garbage.
      if (entry === undefined) {
        if (performance.now() - sawGarbageAtMs > calmMs) onStateChange('garbage');
        sawGarbageAtMs = performance.now();
        return miss;
      }
      if (entry.generation !== current) return miss;
      const storedMs = Math.min(usableUntil(entry) - entry.sentAt, maxLifetimeMs) - leftMs;
      const ageMs = leftMs === Infinity ? Infinity : storedMs;
      if (forgotten.hasOfAge(ageMs) || generations.mayBeOutdated(ageMs)) return miss;
      return { entry: { ...entry, storedMs }, generation };
    },
    set(key, resource, entry, generation, codec, now) {
      // By then a write could have been forgotten.
      if (generation.isNew && performance.now() - generation.seenAtMs > maxReadMs) return;
      if (generation.isNew) generations.claim(resource, generation.token);
      const ttlMs = Math.min(Math.ceil(usableUntil(entry) - now), maxLifetimeMs);
      void write(
        entryKeyOf(key, resource),
        encodeEntry({ ...entry, generation: generation.token }, codec),
        ttlMs,
      );
    },
    hold: (message) => generations.hold(message),
    release: (message, heldMs) => generations.release(message, heldMs),
    delete(key, resource, wasSeen) {
      if (!wasSeen && performance.now() - unreadableAtMs >= maxReadMs) return;
      forgotten.add(entryKeyOf(key, resource), wasSeen);
    },
    close() {
      forgotten.close();
      generations.close();
      redis.close();
    },
  };
}

/** Treats a list or a hash under our key as garbage, and not as a failure of the store. */
function garbageIfOfWrongType(error: unknown): string {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return '';
  throw error;
}
