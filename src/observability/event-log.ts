import type { UpstreamEvents } from '../datasources/upstream/index.ts';
import type { Logger } from './logger.ts';

/** A line for each event that an operator wants to know of, whoever's request it came with. */
export function createEventLog(logger: Logger): UpstreamEvents {
  return {
    onBreakerStateChange: (state, operation, service) =>
      logger.warn({ state, operation, service }, 'circuit breaker'),
    onTenantBreakerStateChange: (state, operation, service) =>
      logger.info({ state, operation, service }, "circuit breaker of one caller's key"),
    onItemsDropped: (count, operation) => logger.warn({ count, operation }, 'items of a list cannot be used'),
    onSharedCacheStateChange: (state, reason) => logger.warn({ state, reason }, 'shared cache'),
  };
}
