import * as v from 'valibot';
import type { CacheConfig } from '../datasources/upstream/index.ts';
import { isRedisUrl, parseRedisUrl } from '../shared/redis/redis-url.ts';
import { integerVariable } from './variable.ts';
import type { ValuesOf, Variable } from './variable.ts';

export const cacheVariables = {
  PERSONA_CACHE_TTL_MS: integerVariable(
    'cache.ttlMs',
    0,
    86_400_000,
    0,
    "How long to cache a persona, in milliseconds. Bluejay's `Cache-Control` can shorten this, but not extend it. `0` leaves the decision to Bluejay.",
  ),
  PERSONA_CACHE_NOT_FOUND_TTL_MS: integerVariable(
    'cache.notFoundTtlMs',
    0,
    3_600_000,
    0,
    'How long to cache that a persona does not exist, in milliseconds.',
  ),
  PERSONA_CACHE_STALE_MS: integerVariable(
    'cache.staleMs',
    0,
    86_400_000,
    0,
    'How long after its TTL a cached persona may still be served while it is refreshed, or while Bluejay fails, in milliseconds.',
  ),
  PERSONA_CACHE_MAX_ENTRIES: integerVariable(
    'cache.maxEntries',
    1,
    10_000_000,
    10_000,
    'The largest number of personas to cache in memory.',
  ),
  PERSONA_CACHE_MAX_BYTES: integerVariable(
    'cache.maxBytes',
    1_024,
    999_999_999,
    33_554_432,
    'The approximate memory that the cached personas may take.',
  ),
  CACHE_URL: {
    option: 'cache.url',
    schema: v.optional(
      v.pipe(
        v.string(),
        v.check(isRedisUrl, 'expected a redis:// or rediss:// URL'),
        v.check(
          (value) => parseRedisUrl(value) !== undefined,
          'expected redis://user:password@host:port/database, with the special characters of user and password percent-encoded (/ is %2F) and a number as the database',
        ),
      ),
    ),
    default: '',
    description:
      'A Redis or Valkey that replicas share for cached personas and rate limits: `redis://` or `rediss://`.',
  },
} as const satisfies Record<string, Variable>;

/** Resolves the configuration of the cache. */
export function resolveCache(values: ValuesOf<typeof cacheVariables>): CacheConfig {
  return {
    ttlMs: values.PERSONA_CACHE_TTL_MS,
    notFoundTtlMs: values.PERSONA_CACHE_NOT_FOUND_TTL_MS,
    staleMs: values.PERSONA_CACHE_STALE_MS,
    maxEntries: values.PERSONA_CACHE_MAX_ENTRIES,
    maxBytes: values.PERSONA_CACHE_MAX_BYTES,
    url: values.CACHE_URL,
  };
}
