import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { createGuardedRedis } from '../../datasources/guarded-redis.ts';
import type { RedisClient } from '../../datasources/guarded-redis.ts';

export interface RateLimiterOptions {
  /** The points of one window. */
  readonly points: number;
  readonly windowSeconds: number;
  /** `redis://` or `rediss://`, where replicas count together; undefined counts in this process. */
  readonly url: string | undefined;
  /** Told when the shared counters are out of reach, and this process counts alone, and when they are back. */
  readonly onStateChange: (state: 'lost' | 'recovered') => void;
}

export interface RateLimiter {
  /** Takes points, even where none are left. Never rejects. */
  charge(key: string, points: number): Promise<Balance>;
  close(): void;
}

interface Balance {
  /** What was taken in this window, more than there is perhaps. */
  readonly taken: number;
  /** Until the next window, in milliseconds. */
  readonly resetMs: number;
}

const keyPrefix = 'bluejay-graphql:rate-limit';
/** The longest that a request waits for the shared counters. */
const timeoutMs = 50;

export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { points: limit, windowSeconds: duration, url } = options;
  const own = new RateLimiterMemory({ points: limit, duration, keyPrefix });
  const chargeOwn = async (key: string, points: number) => balanceOf(await own.penalty(key, points));
  if (url === undefined) return { charge: chargeOwn, close() {} };

  const redis = createGuardedRedis({ url, timeoutMs, onStateChange: options.onStateChange });
  /** One for each connection: a connection that hangs is replaced. */
  const limiters = new WeakMap<RedisClient, RateLimiterRedis>();
  function limiterOf(client: RedisClient): RateLimiterRedis {
    let limiter = limiters.get(client);
    if (limiter === undefined) {
      limiter = new RateLimiterRedis({
        storeClient: client,
        useRedisPackage: true,
        rejectIfRedisNotReady: true,
        points: limit,
        duration,
        keyPrefix,
      });
      limiters.set(client, limiter);
    }
    return limiter;
  }

  return {
    async charge(key, points) {
      const shared = await redis.attempt((client) => limiterOf(client).penalty(key, points));
      return shared === undefined ? chargeOwn(key, points) : balanceOf(shared);
    },
    close: () => redis.close(),
  };
}

function balanceOf({
  consumedPoints,
  msBeforeNext,
}: {
  consumedPoints: number;
  msBeforeNext: number;
}): Balance {
  return { taken: consumedPoints, resetMs: Math.max(0, msBeforeNext) };
}
