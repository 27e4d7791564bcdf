import type { Failure } from '../errors.ts';

/** The longest pause before the first retry; it doubles with each attempt. */
const baseMs = 50;
/** The longest pause at all. */
const maxMs = 1_000;
/** A `Retry-After` beyond this is not waited for, whatever the deadline. */
const maxRetryAfterMs = 30_000;

/**
 * How long to wait before the next attempt: full jitter over an exponential bound, or what `Retry-After`
 * asks for. Undefined when this failure is not to be retried.
 *
 * @param attempt the attempt that failed, from 1
 * @param random from 0 up to, not including, 1
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function retryDelayMs(failure: Failure, attempt: number, random: () => number): number | undefined {
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
