import { createCustomerPersonasClient } from './customer-personas.ts';
import type { CustomerPersonasClient } from './customer-personas.ts';
import { createFingerprint } from './fingerprint.ts';
import { createBreaker } from './resilience/breaker.ts';
import type { BreakerState } from './resilience/breaker.ts';
import { createBulkhead } from './resilience/bulkhead.ts';
import { createChain } from './resilience/chain.ts';
import { createRetryBudget } from './resilience/retry-budget.ts';
import { createTransport } from './transport.ts';

export interface BluejayOptions {
  /** Origin and optional path prefix, without a trailing slash. */
  readonly baseUrl: string;
  /** Sent as `user-agent`. */
  readonly userAgent: string;
  /** The longest one attempt may take, connecting and body included. @default 3000 */
  readonly timeoutMs?: number;
  /** The most calls in flight, and the most sockets. @default 64 */
  readonly maxInFlight?: number;
  /** The most calls that wait; one more is `overloaded`. @default 1024 */
  readonly maxQueue?: number;
  /** How much of both one API key may take, above 0 and up to 1. @default 1 */
  readonly sharePerKey?: number;
  readonly events?: BluejayEvents;
  /** Milliseconds on a clock that never goes back. @default performance.now */
  readonly now?: () => number;
  /** From 0 up to, not including, 1. @default Math.random */
  readonly random?: () => number;
}

/** For logs and metrics. */
export interface BluejayEvents {
  readonly onBreakerStateChange?: (state: BreakerState) => void;
  readonly onCoalesced?: () => void;
  readonly onRetry?: () => void;
}

/** Bluejay's API with everything that is shared between requests. */
export interface Bluejay {
  readonly customerPersonas: CustomerPersonasClient;
  /** Calls in flight and calls that wait, for all API keys. */
  load(): { readonly inFlight: number; readonly queued: number };
  /** Closes every socket; calls in flight fail with `unavailable`. */
  close(): Promise<void>;
}

export function createBluejay(options: BluejayOptions): Bluejay {
  const {
    baseUrl,
    userAgent,
    timeoutMs = 3_000,
    maxInFlight = 64,
    maxQueue = 1_024,
    sharePerKey = 1,
  } = options;
  const { events = {}, now = () => performance.now(), random = Math.random } = options;
  const transport = createTransport({ baseUrl, userAgent, timeoutMs, connections: maxInFlight });
  const bulkhead = createBulkhead({
    capacity: maxInFlight,
    capacityPerKey: Math.ceil(maxInFlight * sharePerKey),
    queue: maxQueue,
    queuePerKey: Math.ceil(maxQueue * sharePerKey),
  });
  const chain = createChain({
    operation: 'getCustomerPersona',
    breaker: createBreaker({ now, onStateChange: events.onBreakerStateChange }),
    bulkhead,
    retryBudget: createRetryBudget({ now }),
    now,
    random,
    onRetry: events.onRetry,
  });
  const customerPersonas = createCustomerPersonasClient({
    transport,
    fingerprint: createFingerprint(),
    chain,
    onCoalesced: events.onCoalesced,
  });
  return {
    customerPersonas,
    load: () => ({ inFlight: bulkhead.inFlight, queued: bulkhead.queued }),
    close: () => transport.close(),
  };
}
