import type { FailureKind, OperationName } from './errors.ts';

/** One sending of a call. Each attempt is an object of its own, so that observers can compare identities. */
export interface Attempt extends OperationName {
  readonly method: string;
  /** The path with names in the place of values: `/orders/{order_id}`. */
  readonly urlTemplate: string;
  /** From 1; higher numbers are retries. */
  readonly number: number;
}

/** How an attempt ended. */
export interface AttemptResult {
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  /** Undefined when the attempt succeeded. `cancelled`: the caller left, or its deadline passed. */
  readonly failure: FailureKind | 'cancelled' | undefined;
  /** From the request to the last byte of its response, or to its failure. */
  readonly durationMs: number;
}

/** How the cache answered a read. `stale`: with an entry that is no longer fresh. */
export type CacheResult = 'hit' | 'stale' | 'miss';

/** Observes the calls of one request, and limits them. */
export interface CallObserver {
  /** The caller that the request belongs to: each has its share of the bulkhead. */
  readonly caller: string;
  /** Returns whether a read that is not in memory may become a call; where it may not, it is `overloaded`. */
  mayCall(): boolean;
  /**
   * A part of a response's body has arrived.
   *
   * @returns false where the request may hold no more
   */
  onBody(bytes: number): boolean;
  /** The cache was read. */
  onCache(result: CacheResult): void;
  /** A stale entry is revalidated: one more call, which outlives its request (RFC 5861, section 3). */
  onRefresh(): void;
  /**
   * An attempt starts.
   *
   * @returns additional headers, such as `traceparent`
   */
  onAttemptStart(attempt: Attempt): Readonly<Record<string, string>> | undefined;
  /** An attempt has ended. */
  onAttemptEnd(attempt: Attempt, result: AttemptResult): void;
}
