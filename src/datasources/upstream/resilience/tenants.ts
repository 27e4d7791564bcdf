import { LRUCache } from 'lru-cache';
import { createBreaker } from './breaker.ts';
import type { Breaker, BreakerState } from './breaker.ts';
import { createRetryBudget } from './retry-budget.ts';
import type { RetryBudget } from './retry-budget.ts';
import { createTenantBreaker } from './tenant-breaker.ts';

/** The breaker, retry budget and bulkhead share of the callers with one API key. */
export interface Tenant {
  /** The key of the share of the bulkhead. */
  readonly key: string;
  readonly breaker: Breaker;
  readonly retryBudget: RetryBudget;
}

/** The tenants of one upstream operation. */
export interface Tenants {
  /** Returns the tenant of an API key's fingerprint. */
  of(fingerprint: string): Tenant;
  /** Returns the state of the operation's breaker. */
  breakerState(): BreakerState;
  /** Returns the retries left to the tenant with the fewest. */
  retriesLeft(): number;
}

export interface TenantsOptions {
  /** Undefined where all callers share one key. */
  readonly acceptedKeys: AcceptedKeys | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** The operation's breaker has changed. */
  readonly onStateChange: (state: BreakerState) => void;
  /** A tenant's breaker has changed. */
  readonly onTenantStateChange: (state: BreakerState) => void;
}

/**
 * Prevent one tenant from opening the operation's breaker. Its own breaker opens at half of these calls, and only so many
 * of its failures count for the operation: at most half of the calls, which is below the rate.
 */
const minimumCalls = 40;
const failureRate = 0.51;
const maxTenants = 10_000;
/** The key of the tenant of all callers whose keys the service has not accepted, and of all callers with `service`. */
const strangers = '';

/** Creates the tenants of one operation. */
export function createTenants(options: TenantsOptions): Tenants {
  const { acceptedKeys, now, onStateChange, onTenantStateChange } = options;
  if (acceptedKeys === undefined) {
    const breaker = createBreaker({ now, minimumCalls: minimumCalls / 2, onStateChange });
    const everyone = { key: strangers, breaker, retryBudget: createRetryBudget({ now }) };
    return {
      of: () => everyone,
      breakerState: () => breaker.state,
      retriesLeft: () => everyone.retryBudget.remaining(),
    };
  }
  const origin = createBreaker({ now, minimumCalls, failureRate, onStateChange });
  const create = (key: string, maxFailures: number): Tenant => ({
    key,
    breaker: createTenantBreaker(
      createBreaker({ now, minimumCalls: minimumCalls / 2, onStateChange: onTenantStateChange }),
      origin,
      { maxFailures, now },
    ),
    retryBudget: createRetryBudget({ now }),
  });
  // Failures of strangers do not count: a caller with an accepted key can also use an invented one.
  const newcomers = create(strangers, 0);
  const tenants = new LRUCache<string, Tenant>({ max: maxTenants });
  return {
    of(fingerprint) {
      // Anybody can invent keys: those that the service has not accepted yet share one tenant.
      if (!acceptedKeys.has(fingerprint)) return newcomers;
      let tenant = tenants.get(fingerprint);
      if (tenant === undefined) {
        tenant = create(fingerprint, minimumCalls / 2);
        tenants.set(fingerprint, tenant);
      }
      return tenant;
    },
    breakerState: () => origin.state,
    retriesLeft() {
      let fewest = newcomers.retryBudget.remaining();
      for (const { retryBudget } of tenants.values()) fewest = Math.min(fewest, retryBudget.remaining());
      return fewest;
    },
  };
}

/** The fingerprints of the API keys that the service accepted recently. */
export interface AcceptedKeys {
  has(fingerprint: string): boolean;
  add(fingerprint: string): void;
  delete(fingerprint: string): void;
}

/** Creates an empty set of fingerprints that evicts the least recently used. */
export function createAcceptedKeys(): AcceptedKeys {
  const keys = new LRUCache<string, true>({ max: maxTenants });
  return {
    has: (fingerprint) => keys.get(fingerprint) === true,
    add(fingerprint) {
      if (!keys.has(fingerprint)) keys.set(fingerprint, true);
    },
    delete: (fingerprint) => void keys.delete(fingerprint),
  };
}
