import type { FreshnessOptions } from './cache/freshness.ts';
import { createCache } from './cache/index.ts';
import { createMemoryStore } from './cache/memory-store.ts';
import type { MemoryStoreOptions } from './cache/memory-store.ts';
import type { SharedStore, SharedStoreState } from './cache/shared-store.ts';
import type { CustomerPersonasClient, CustomerPersonasEvents } from './customer-personas.ts';
import type { Operation } from './errors.ts';
import { createFingerprint } from './fingerprint.ts';
import { createGetCustomerPersona } from './get-customer-persona.ts';
import { createListCustomerPersonasByAgent } from './list-customer-personas-by-agent.ts';
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
  /** What of Bluejay's answers is kept, and for how long. */
  readonly cache?: Partial<CacheConfig>;
  readonly events?: BluejayEvents;
  /** Milliseconds on a clock that never goes back. @default performance.now */
  readonly now?: () => number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly wallClock?: () => number;
  /** From 0 up to, not including, 1. @default Math.random */
  readonly random?: () => number;
}

export interface CacheConfig extends FreshnessOptions, MemoryStoreOptions {
  /** `redis://` or `rediss://`, of a Redis or Valkey that all replicas share. */
  readonly url: string | undefined;
}

const cacheDefaults: CacheConfig = {
  ttlMs: 0,
  notFoundTtlMs: 0,
  staleMs: 0,
  maxEntries: 10_000,
  maxBytes: 33_554_432,
  url: undefined,
};

/** For logs and metrics. */
export interface BluejayEvents extends CustomerPersonasEvents {
  readonly onBreakerStateChange?: (state: BreakerState, operation: Operation) => void;
  readonly onRetry?: () => void;
  readonly onSharedCacheStateChange?: (state: SharedStoreState) => void;
}

/** Bluejay's API with everything that is shared between requests. */
export interface Bluejay {
  readonly customerPersonas: CustomerPersonasClient;
  /** Calls in flight and calls that wait, for all API keys. */
  load(): { readonly inFlight: number; readonly queued: number };
  /** Closes every socket; calls in flight fail with `unavailable`. */
  close(): Promise<void>;
}

export async function createBluejay(options: BluejayOptions): Promise<Bluejay> {
  const {
    baseUrl,
    userAgent,
    timeoutMs = 3_000,
    maxInFlight = 64,
    maxQueue = 1_024,
    sharePerKey = 1,
  } = options;
  const { events = {}, now = () => performance.now(), wallClock = Date.now, random = Math.random } = options;
  const cacheConfig = { ...cacheDefaults, ...options.cache };
  const shared = await openSharedStore(cacheConfig.url, events);
  const transport = createTransport({ baseUrl, userAgent, timeoutMs, connections: maxInFlight });
  const bulkhead = createBulkhead({
    capacity: maxInFlight,
    capacityPerKey: Math.ceil(maxInFlight * sharePerKey),
    queue: maxQueue,
    queuePerKey: Math.ceil(maxQueue * sharePerKey),
  });
  const retryBudget = createRetryBudget({ now });
  // One operation may fail while the other is well: each has a breaker of its own.
  const chainFor = (operation: Operation) =>
    createChain({
      operation,
      breaker: createBreaker({
        now,
        onStateChange: (state) => events.onBreakerStateChange?.(state, operation),
      }),
      bulkhead,
      retryBudget,
      now,
      random,
      onRetry: events.onRetry,
    });
  const fingerprint = createFingerprint();
  const cache = createCache({
    freshness: cacheConfig,
    memory: createMemoryStore(cacheConfig),
    shared,
    wallClock,
  });
  const customerPersonas: CustomerPersonasClient = {
    get: createGetCustomerPersona({
      transport,
      fingerprint,
      cache,
      chain: chainFor('getCustomerPersona'),
      events,
    }),
    listByAgent: createListCustomerPersonasByAgent({
      transport,
      fingerprint,
      chain: chainFor('listCustomerPersonasByAgent'),
      events,
      wallClock,
    }),
  };
  return {
    customerPersonas,
    load: () => ({ inFlight: bulkhead.inFlight, queued: bulkhead.queued }),
    async close() {
      shared?.close();
      await transport.close();
    },
  };
}

async function openSharedStore(
  url: string | undefined,
  { onSharedCacheStateChange = () => {} }: BluejayEvents,
): Promise<SharedStore | undefined> {
  if (url === undefined) return undefined;
  // Loaded only here: without a shared cache nobody pays for its client.
  const { createSharedStore } = await import('./cache/shared-store.ts');
  return createSharedStore({ url, onStateChange: onSharedCacheStateChange });
}
