import { randomUUID } from 'node:crypto';
import type { GuardedRedis } from '../../../shared/redis/guarded-redis.ts';
import { channelOf } from './fence-message.ts';
import type { FenceMessage } from './fence-message.ts';
import { createForgottenKeys } from './forgotten-keys.ts';
import type { Removal } from './forgotten-keys.ts';

/**
 * Where a read stands among the writes of its resource, by the store. It is seen before the service is asked: what was
 * written since has made it another one, and nobody uses what is stored under it.
 */
export interface StoreGeneration {
  readonly token: string;
  /** The store had none. */
  readonly isNew: boolean;
  /** On the clock of `performance.now()`. */
  readonly seenAtMs: number;
}

export interface StoreGenerationsOptions {
  readonly redis: GuardedRedis;
  readonly keyPrefix: string;
  readonly scope: string;
  /** The longest that the store keeps an entry, in milliseconds. */
  readonly lifetimeMs: number;
  /** See `ForgottenKeys`. */
  readonly settleMs: number;
  /** How long after a failure a generation is renewed again, in milliseconds. */
  readonly retryMs: number;
  /** The most generations that are remembered because they could not be renewed. @default 10000 */
  readonly maxKeys: number | undefined;
}

/**
 * The generations of resources in the shared store: random texts that every write replaces. An entry carries the one that
 * its read has seen, and is used only while it is the resource's. So one command makes the entries of all API keys out of
 * date, and with them those that reads under way will store. A resource without one has no entry that is used.
 */
export interface StoreGenerations {
  keyOf(resource: string): string;
  /** Whether a write of the resource could not be recorded yet: then its entries are useless, whatever they carry. */
  isOutdated(resource: string): boolean;
  /** Whether that may be true of an entry that was stored so long ago, as more could not be recorded than is remembered. */
  mayBeOutdated(storedMs: number): boolean;
  /** Gives a resource its first generation. Does nothing where a write, or another read, was first. */
  claim(resource: string, token: string): void;
  /** See `SharedStore`. */
  hold(message: FenceMessage): Promise<void>;
  /** See `SharedStore`. */
  release(message: FenceMessage, heldMs: number): Promise<void>;
  close(): void;
}

/** The generation of a resource that a write holds: no read has seen it. */
export const heldToken = 'held';

/**
 * Puts all keys of a resource into one slot of a Redis Cluster: an entry on another node than its generation is useless.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function slotTagOf(resource: string): string {
  // FNV-1a: short, and even enough for 16384 slots.
  let hash = 0x811c9dc5;
  for (let index = 0; index < resource.length; index += 1) {
    hash = Math.imul(hash ^ resource.charCodeAt(index), 0x01000193);
  }
  return `{${(hash >>> 0).toString(36)}}`;
}

export function createStoreGenerations(options: StoreGenerationsOptions): StoreGenerations {
  const { redis, keyPrefix, scope, lifetimeMs, settleMs, retryMs, maxKeys } = options;
  const channel = channelOf(options);
  /** Resources whose generation could not be replaced. */
  const outdated = createForgottenKeys({ remove: renew, lifetimeMs, settleMs, retryMs, maxKeys });

  function keyOf(resource: string): string {
    return `${keyPrefix}${slotTagOf(resource)}${scope}:${resource}:generation`;
  }

  function replace(names: readonly string[], token: string, ttlMs: number): Promise<true | undefined> {
    return redis.attempt<true>('write', async (client) => {
      const replies = names.flatMap((name) => [
        // A store that is full refuses to set, and without a generation the entries are useless as well.
        client.del(keyOf(name)),
        client.set(keyOf(name), token, { expiration: { type: 'PX', value: Math.ceil(ttlMs) } }),
      ]);
      await Promise.all(replies);
      return true;
    });
  }

  /** Sent right behind the new generation: who hears of it finds that. */
  function tell(message: FenceMessage): void {
    void redis.attempt('publish', (client) => client.publish(channel, JSON.stringify(message)));
  }

  async function renew(name: string): Promise<Removal> {
    const replaced = replace([name], randomUUID(), lifetimeMs);
    tell({ scope, writeId: `renewed:${randomUUID()}`, names: [name], holdMs: 0 });
    return (await replaced) === undefined ? 'failed' : 'gone';
  }

  return {
    keyOf,
    isOutdated: (resource) => outdated.has(resource),
    mayBeOutdated: (storedMs) => outdated.hasOfAge(storedMs),
    claim(resource, token) {
      void redis.attempt('write', (client) =>
        client.set(keyOf(resource), token, {
          condition: 'NX',
          expiration: { type: 'PX', value: lifetimeMs },
        }),
      );
    },
    async hold(message) {
      const replaced = replace(message.names, heldToken, message.holdMs);
      tell(message);
      await replaced;
    },
    async release(message, heldMs) {
      const replaced =
        heldMs > 0
          ? replace(message.names, heldToken, heldMs)
          : replace(message.names, randomUUID(), lifetimeMs);
      tell(message);
      if ((await replaced) === undefined) for (const name of message.names) outdated.add(name, true);
    },
    close: () => outdated.close(),
  };
}
