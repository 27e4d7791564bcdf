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
    "How long a persona is kept where Bluejay's `Cache-Control` does not say, and the most where it does. With `0` Bluejay alone decides.",
  ),
  PERSONA_CACHE_NOT_FOUND_TTL_MS: integerVariable(
    'cache.notFoundTtlMs',
    0,
    3_600_000,
    0,
    'How long “there is no such persona” is kept.',
  ),
  PERSONA_CACHE_STALE_MS: integerVariable(
    'cache.staleMs',
    0,
    86_400_000,
    0,
    'How long an older persona may be used while it is fetched anew, or while Bluejay fails.',
  ),
  PERSONA_CACHE_MAX_ENTRIES: integerVariable(
    'cache.maxEntries',
    1,
    10_000_000,
    10_000,
    'The most personas that are kept in memory.',
  ),
  PERSONA_CACHE_MAX_BYTES: integerVariable(
    'cache.maxBytes',
    1_024,
    999_999_999,
    33_554_432,
    'About how much memory they may take together.',
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
    description: 'A Redis or Valkey in which replicas share what they keep: `redis://` or `rediss://`.',
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
