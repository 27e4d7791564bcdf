import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { RedisClient } from './redis-client.ts';

export interface RedisCountersOptions {
  /** The most points of a caller in one window. */
  readonly points: number;
  readonly windowSeconds: number;
}

export const counterKeyPrefix = 'bluejay-graphql:rate-limit';

/** Creates the counters of a rate limit that replicas share. Their methods reject with the errors of the client. */
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
