import type { Breaker } from './breaker.ts';
import { createSlidingWindow } from './sliding-window.ts';

export interface TenantBreakerOptions {
  /** The most failures of the tenant's that count for the whole operation. @default 20 */
  readonly maxFailures?: number;
  /** In that time. @default 10000 */
  readonly windowMs?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/**
 * The breaker of one tenant in front of the one of the whole operation: calls pass when both are closed.
 *
 * Once a tenant's own breaker is open, its failures are its own business. What tenants with a closed one
 * see is what the upstream is like; but however often one sees it, it is only one.
 */
export function createTenantBreaker(own: Breaker, origin: Breaker, options: TenantBreakerOptions): Breaker {
  const { maxFailures = 20, windowMs = 10_000, now } = options;
  const counted = createSlidingWindow(windowMs, now);

  /** While probes are out each of them has to tell. */
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
