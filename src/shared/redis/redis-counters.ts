import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { RedisClient } from './redis-client.ts';

export interface RedisCountersOptions {
  /** The points of one window. */
  readonly points: number;
  readonly windowSeconds: number;
}

export const counterKeyPrefix = 'bluejay-graphql:rate-limit';

/** Points of a rate limit, as replicas count them together. Its methods reject with what Redis or the client says. */
export function createRedisCounters(
  client: RedisClient,
  { points, windowSeconds }: RedisCountersOptions,
): RateLimiterRedis {
  return new RateLimiterRedis({
    storeClient: client,
    useRedisPackage: true,
    rejectIfRedisNotReady: true,
    points,
    duration: windowSeconds,
    keyPrefix: counterKeyPrefix,
  });
}
