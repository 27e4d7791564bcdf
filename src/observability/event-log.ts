import type { BluejayEvents } from '../datasources/bluejay/index.ts';
import type { Logger } from './logger.ts';

/** A line for each event that an operator wants to know of, whoever's request it came with. */
export function createEventLog(logger: Logger): BluejayEvents {
  return {
    onBreakerStateChange: (state, operation) => logger.warn({ state, operation }, 'circuit breaker'),
    onTenantBreakerStateChange: (state, operation) =>
      logger.info({ state, operation }, "circuit breaker of one caller's key"),
    onItemsDropped: (count) => logger.warn({ count }, 'items without an id in a list of personas'),
    onSharedCacheStateChange: (state, reason) => logger.warn({ state, reason }, 'shared cache'),
  };
}
