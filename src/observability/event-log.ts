import type { UpstreamEvents } from '../datasources/upstream/index.ts';
import type { Logger } from './logger.ts';

/** Creates listeners that log the events of all requests that operators act on. */
export function createEventLog(logger: Logger): UpstreamEvents {
  return {
    onBreakerStateChange: (state, operation, service) =>
      logger.warn({ state, operation, service }, 'circuit breaker'),
    onTenantBreakerStateChange: (state, operation, service) =>
      logger.info({ state, operation, service }, "circuit breaker of one caller's key"),
    // What was done in whose name, and nothing of what was written.
    onWrite: ({ subject, ...end }) => logger.info({ ...end, id: subject }, 'write'),
    onItemsDropped: (count, operation) => logger.warn({ count, operation }, 'items of a list cannot be used'),
    onSharedCacheStateChange: (state, reason) => logger.warn({ state, reason }, 'shared cache'),
  };
}
