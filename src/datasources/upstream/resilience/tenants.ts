import { LRUCache } from 'lru-cache';
import { createBreaker } from './breaker.ts';
import type { Breaker, BreakerState } from './breaker.ts';
import { createRetryBudget } from './retry-budget.ts';
import type { RetryBudget } from './retry-budget.ts';
import { createTenantBreaker } from './tenant-breaker.ts';

/** What callers with one API key have to themselves, so that no other key can take it from them. */
export interface Tenant {
  /** Whose share of the bulkhead it is. */
  readonly key: string;
  readonly breaker: Breaker;
  readonly retryBudget: RetryBudget;
}

/** The tenants of one upstream operation. */
export interface Tenants {
  /** The tenant of an API key's fingerprint. */
  of(fingerprint: string): Tenant;
  /** The state of the whole operation's breaker. */
  breakerState(): BreakerState;
  /** How many retries are left to the tenant that has the fewest. */
  retriesLeft(): number;
}

export interface TenantsOptions {
  /** Undefined where there is one key for everyone. */
  readonly acceptedKeys: AcceptedKeys | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Told of the breaker of the whole operation. */
  readonly onStateChange: (state: BreakerState) => void;
  /** Told of the breaker of any one tenant. */
  readonly onTenantStateChange: (state: BreakerState) => void;
}

/**
 * Failures of one tenant alone never open the operation's breaker: its own opens first, at half of these calls, as many
 * of its failures are the most that count, and they are not more than half.
 */
const minimumCalls = 40;
const failureRate = 0.51;
const maxTenants = 10_000;
/** The key of the tenant that everyone is whose key the service has not accepted, and everyone where there is one key. */
export const strangers = '';

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
  // Theirs do not count: whoever has a key that was accepted can be a stranger with another one.
  const newcomers = create(strangers, 0);
  const tenants = new LRUCache<string, Tenant>({ max: maxTenants });
  return {
    of(fingerprint) {
      // Anybody can invent keys. Those that the service has not accepted yet have one share together.
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

/** The fingerprints of the API keys that the service has accepted lately. */
export interface AcceptedKeys {
  has(fingerprint: string): boolean;
  add(fingerprint: string): void;
  delete(fingerprint: string): void;
}

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
