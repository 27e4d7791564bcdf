import type { Breaker } from './breaker.ts';
import { createSlidingWindow } from './sliding-window.ts';

export interface TenantBreakerOptions {
  /** The most failures of the tenant in a window that count for the operation. @default 20 */
  readonly maxFailures?: number;
  /** The length of the window. @default 10000 */
  readonly windowMs?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/**
 * Creates a tenant's breaker in front of the operation's: calls pass when both are closed.
 *
 * Failures count for the operation while the tenant's own breaker is closed, at most `maxFailures` in a window: one
 * tenant alone does not show that the upstream fails.
 */
export function createTenantBreaker(own: Breaker, origin: Breaker, options: TenantBreakerOptions): Breaker {
  const { maxFailures = 20, windowMs = 10_000, now } = options;
  const counted = createSlidingWindow(windowMs, now);

  /** Whether a failure counts for the operation. While it is not closed every probe does. */
  function counts(): boolean {
    if (origin.state !== 'closed') return true;
    if (counted.totals().first >= maxFailures) return false;
    counted.add(1, 0);
    return true;
  }

  return {
    get state() {
      return own.state === 'closed' ? origin.state : own.state;
    },
    retryAfterMs: () => Math.max(own.retryAfterMs(), origin.retryAfterMs()),
    allows: () => own.allows() && origin.allows(),
    enter() {
      const reportOwn = own.enter();
      if (reportOwn === undefined) return undefined;
      const reportOrigin = origin.enter();
      if (reportOrigin === undefined) {
        reportOwn('ignored');
        return undefined;
      }
      return (outcome) => {
        const isOwnFault = outcome === 'failure' && (own.state !== 'closed' || !counts());
        reportOwn(outcome);
        reportOrigin(isOwnFault ? 'ignored' : outcome);
      };
    },
  };
}
