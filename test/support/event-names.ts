import type { GatewayEvents } from '../../src/gateway.ts';

/** The compiler requires every event. */
const events: Readonly<Record<keyof GatewayEvents, true>> = {
  onRequestStart: true,
  onRequestEnd: true,
  onOperation: true,
  onBatch: true,
  onCoalesced: true,
  onCache: true,
  onSharedCache: true,
  onSharedCacheStateChange: true,
  onAttempt: true,
  onItemsDropped: true,
  onRetry: true,
  onRetryDenied: true,
  onOverloaded: true,
  onBreakerStateChange: true,
  onTenantBreakerStateChange: true,
  onWrite: true,
};

/** The names of all events of a gateway. */
export const eventNames = Object.keys(events);
