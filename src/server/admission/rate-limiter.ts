import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { RateLimiterRedis } from 'rate-limiter-flexible';
import type { GuardedRedis, GuardedRedisOptions } from '../../shared/redis/guarded-redis.ts';
import type { RedisClient } from '../../shared/redis/redis-client.ts';
import { counterKeyPrefix, createRedisCounters } from '../../shared/redis/redis-counters.ts';
import type { RedisCountersOptions } from '../../shared/redis/redis-counters.ts';
import type { RedisState } from '../../shared/redis/redis-health.ts';

export interface RateLimiterOptions extends RedisCountersOptions {
  /** `redis://` or `rediss://`, where replicas count together; undefined counts in this process. */
  readonly url: string | undefined;
  /** The longest that a request waits for the shared counters, in milliseconds. @default 50 */
  readonly timeoutMs?: number | undefined;
  /**
   * Told when this process counts alone, as Redis is lost or refuses to count, and when the shared counters are back.
   *
   * @param reason the code of what went wrong, such as `timeout` or `READONLY`; undefined with `recovered`
   */
  readonly onStateChange: (state: RedisState, reason?: string) => void;
}

export interface RateLimiter {
  /** Takes points, even where none are left. Never rejects. */
  charge(key: string, points: number): Promise<Charge>;
  /** Gives back points of a charge that were not needed, to the window that they were taken from. Never rejects. */
  giveBack(key: string, points: number, charge: Charge): Promise<void>;
  close(): void;
}

interface Charge {
  /** What was taken in this window, by this charge and before, more than there is perhaps. */
  readonly taken: number;
  /** Until the next window, in milliseconds. */
  readonly resetMs: number;
  /** When the window is over at the soonest, on the clock of `performance.now()`. */
  readonly endsAtMs: number;
  /** Whether the points were taken where replicas count together. */
  readonly isShared: boolean;
}

export async function createRateLimiter(options: RateLimiterOptions): Promise<RateLimiter> {
  const { points: limit, windowSeconds: duration, url, timeoutMs = 50, onStateChange } = options;
  const own = new RateLimiterMemory({ points: limit, duration, keyPrefix: counterKeyPrefix });
  const redis = url === undefined ? undefined : await openRedis({ url, timeoutMs, onStateChange });
  /** One for each connection: a connection that hangs is replaced. */
  const limiters = new WeakMap<RedisClient, RateLimiterRedis>();
  function limiterOf(client: RedisClient): RateLimiterRedis {
    let limiter = limiters.get(client);
    if (limiter === undefined) {
      limiter = createRedisCounters(client, options);
      limiters.set(client, limiter);
    }
    return limiter;
  }

  return {
    async charge(key, points) {
      const startedAtMs = performance.now();
      const shared = await redis?.attempt('write', (client) => limiterOf(client).penalty(key, points));
      const { consumedPoints, msBeforeNext } = shared ?? (await own.penalty(key, points));
      const resetMs = Math.max(0, msBeforeNext);
      const isShared = shared !== undefined;
      return { taken: consumedPoints, resetMs, endsAtMs: startedAtMs + resetMs, isShared };
    },
    async giveBack(key, points, { endsAtMs, isShared }) {
      // To the next window they would be a present. It may take the whole timeout until they arrive.
      if (performance.now() + timeoutMs >= endsAtMs) return;
      if (!isShared) {
        await own.reward(key, points);
        return;
      }
      await redis?.attempt('write', async (client) => {
        const counters = limiterOf(client);
        const { consumedPoints } = await counters.reward(key, points);
        // Redis has lost the charge, as after a failover: nothing is owed for it.
        if (consumedPoints < 0) await counters.penalty(key, -consumedPoints);
      });
    },
    close: () => redis?.close(),
  };
}

/** Loaded on demand: the client of Redis may not be installed. */
async function openRedis(options: GuardedRedisOptions): Promise<GuardedRedis> {
  const { createGuardedRedis } = await import('../../shared/redis/guarded-redis.ts');
  return createGuardedRedis(options);
}
