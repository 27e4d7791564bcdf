import type { CacheResult } from '../../datasources/upstream/attempt.ts';

/** Counts what a request caused, for its line in the log. */
export interface RequestStatistics {
  operationName: string | undefined;
  /** `query` or `mutation`; undefined for a document that is refused. */
  operationType: string | undefined;
  /** The document's: see `KnownDocument`. */
  operationHash: string | undefined;
  upstreamCalls: number;
  /** How many of them were writes. */
  upstreamWrites: number;
  /** How long at least one of its upstream calls was in flight, in milliseconds. */
  upstreamMs: number;
  /** How often each result of the cache occurred. */
  readonly cache: Partial<Record<CacheResult, number>>;
  /** How often each `extensions.code` is in the answer. */
  readonly errorCodes: Partial<Record<string, number>>;
  /** How often each `extensions.limit` is in the answer. */
  readonly brokenLimits: Partial<Record<string, number>>;
  /** How often each failure of a read is in the answer, with its reason: `unavailable: ECONNREFUSED`. */
  readonly failures: Partial<Record<string, number>>;
}

/** @returns the statistics of a request that has just arrived */
export function createStatistics(): RequestStatistics {
  return {
    operationName: undefined,
    operationType: undefined,
    operationHash: undefined,
    upstreamCalls: 0,
    upstreamWrites: 0,
    upstreamMs: 0,
    cache: {},
    errorCodes: {},
    brokenLimits: {},
    failures: {},
  };
}

/** Adds one to a count of the statistics. */
export function increment<Key extends string>(counts: Partial<Record<Key, number>>, key: Key): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
