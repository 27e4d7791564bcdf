import type { Breaker } from './breaker.ts';

/**
 * The breaker of one tenant in front of the one of the whole operation: calls pass when both are closed.
 *
 * Once a tenant's own breaker is open, its failures are its own business. What tenants with a closed one
 * see is what the upstream is like.
 */
export function createTenantBreaker(own: Breaker, origin: Breaker): Breaker {
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
        const isOwnFault = outcome === 'failure' && own.state !== 'closed';
        reportOwn(outcome);
        reportOrigin(isOwnFault ? 'ignored' : outcome);
      };
    },
  };
}
