import type { FailureKind, OperationName } from './errors.ts';

/** One sending of a call. Each attempt is an object of its own, so that whoever watches it can tell it apart. */
export interface Attempt extends OperationName {
  readonly method: string;
  /** The path with names in the place of values: `/orders/{order_id}`. */
  readonly urlTemplate: string;
  /** From 1; the retries come after. */
  readonly number: number;
}

/** How an attempt ended. */
export interface AttemptResult {
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  /** Undefined when the answer was good; `cancelled`: the caller left, or its deadline passed. */
  readonly failure: FailureKind | 'cancelled' | undefined;
  /** From the request to the last byte of its response, or to its failure. */
  readonly durationMs: number;
}

/** How a read fared with the cache. `stale`: answered with what is no longer fresh. */
export type CacheResult = 'hit' | 'stale' | 'miss';

/** Watches what the calls of one caller do, for its line in the log and its trace. */
export interface CallObserver {
  onCache(result: CacheResult): void;
  /** What was answered from the cache is fetched anew: one more call, which outlives its request (RFC 5861, section 3). */
  onRefresh(): void;
  /** @returns headers to send along, such as `traceparent` */
  onAttemptStart(attempt: Attempt): Readonly<Record<string, string>> | undefined;
  onAttemptEnd(attempt: Attempt, result: AttemptResult): void;
}
