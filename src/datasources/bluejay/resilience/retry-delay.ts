import type { Failure } from '../errors.ts';

export interface RetryDelayOptions {
  /** The longest pause before the first retry; it doubles with each attempt. @default 50 */
  readonly baseMs?: number;
  /** The longest pause at all. @default 1000 */
  readonly maxMs?: number;
  /** A `Retry-After` beyond this is not waited for, whatever the deadline. @default 30000 */
  readonly maxRetryAfterMs?: number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

/**
 * How long to wait before the next attempt: full jitter over an exponential bound, or what `Retry-After`
 * asks for. Undefined when this failure is not to be retried.
 *
 * @param attempt the attempt that failed, from 1
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function retryDelayMs(
  failure: Failure,
  attempt: number,
  { baseMs = 50, maxMs = 1_000, maxRetryAfterMs = 30_000, random }: RetryDelayOptions,
): number | undefined {
  const isRetryable =
    failure.kind === 'unavailable' ||
    failure.kind === 'rate_limited' ||
    (failure.kind === 'timeout' && failure.phase === 'connect');
  if (!isRetryable) return undefined;
  const jitterMs = random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  const askedMs = 'retryAfterMs' in failure ? failure.retryAfterMs : undefined;
  if (askedMs === undefined) return jitterMs;
  return askedMs <= maxRetryAfterMs ? askedMs + jitterMs : undefined;
}
