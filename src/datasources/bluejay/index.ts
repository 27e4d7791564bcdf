import type { FreshnessOptions } from '../upstream/cache/freshness.ts';
import { createCache } from '../upstream/cache/index.ts';
import { createMemoryStore } from '../upstream/cache/memory-store.ts';
import type { MemoryStoreOptions } from '../upstream/cache/memory-store.ts';
import type { SharedStore, SharedStoreState } from '../upstream/cache/shared-store.ts';
import type { CustomerPersonasClient, CustomerPersonasEvents } from './customer-personas.ts';
import type { Operation } from '../upstream/errors.ts';
import { createFingerprint } from '../upstream/fingerprint.ts';
import { createGetCustomerPersona } from './get-customer-persona.ts';
import { createListCustomerPersonasByAgent } from './list-customer-personas-by-agent.ts';
import type { BreakerState } from '../upstream/resilience/breaker.ts';
import { createBulkhead } from '../upstream/resilience/bulkhead.ts';
import { createChain } from '../upstream/resilience/chain.ts';
import type { ChainEvents } from '../upstream/resilience/chain.ts';
import { createAcceptedKeys, createTenants, strangers } from '../upstream/resilience/tenants.ts';
import type { Proxy } from '../upstream/transport/route.ts';
import { createTransport } from '../upstream/transport/transport.ts';

export interface BluejayOptions {
  /** Origin and optional path prefix, without a trailing slash. */
  readonly baseUrl: string;
  /** @default none: connections go to Bluejay directly */
  readonly proxy?: Proxy | undefined;
  /** Sent as `user-agent`. */
  readonly userAgent: string;
  /** The longest one attempt may take, connecting and body included. @default 3000 */
  readonly timeoutMs?: number;
  /** The most calls in flight, and the most sockets. @default 64 */
  readonly maxInFlight?: number;
  /** The most calls that wait; one more is `overloaded`. @default 4096 */
  readonly maxQueue?: number;
  /**
   * Whether callers bring keys of their own (`forward`). Then each key has its own breaker and retry budget,
   * and half of the places at the most. @default service
   */
  readonly auth?: 'service' | 'forward';
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
  /** The longest that it may hold up a read or a write. @default 50 */
  readonly sharedTimeoutMs?: number;
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
export interface BluejayEvents extends CustomerPersonasEvents, ChainEvents {
  readonly onBreakerStateChange?: (state: BreakerState, operation: Operation) => void;
  /** Of the breaker of one API key, with `forward`. */
  readonly onTenantBreakerStateChange?: (state: BreakerState, operation: Operation) => void;
  /** @param reason the code of what went wrong, such as `timeout` or `READONLY`; undefined with `recovered` and `garbage` */
  readonly onSharedCacheStateChange?: (state: SharedStoreState, reason?: string) => void;
}

/** A moment's state, for all API keys together. */
export interface BluejayLoad {
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly queued: number;
  readonly maxQueue: number;
  readonly operations: Readonly<Record<Operation, OperationLoad>>;
}

interface OperationLoad {
  readonly breaker: BreakerState;
  /** How many retries are left to the API key that has the fewest. */
  readonly retriesLeft: number;
}

/** Bluejay's API with everything that is shared between requests. */
export interface Bluejay {
  readonly customerPersonas: CustomerPersonasClient;
  /** How much it has to do, and how well Bluejay is. */
  load(): BluejayLoad;
  /** A stand-in for an API key that Bluejay has accepted lately; undefined for any other, and with `service`. */
  credentialOf(apiKey: string): string | undefined;
  /** The caller that an API key stands for; with `service`, and until Bluejay has accepted them, all keys are one. */
  callerOf(apiKey: string): string;
  /** How much of its waiting line a caller has filled, from 0 to 1. */
  backlogOf(caller: string): number;
  /** Closes every socket; calls in flight fail with `unavailable`. */
  close(): Promise<void>;
}

export async function createBluejay(options: BluejayOptions): Promise<Bluejay> {
  const {
    baseUrl,
    proxy,
    userAgent,
    timeoutMs = 3_000,
    maxInFlight = 64,
    maxQueue = 4_096,
    auth = 'service',
  } = options;
  const { events = {}, now = () => performance.now(), wallClock = Date.now, random = Math.random } = options;
  const cacheConfig = { ...cacheDefaults, ...options.cache };
  const shared = await openSharedStore(cacheConfig, events);
  const transport = createTransport({ baseUrl, proxy, userAgent, timeoutMs, connections: maxInFlight });
  // Where every caller brings its own key, none may take all the places.
  const acceptedKeys = auth === 'forward' ? createAcceptedKeys() : undefined;
  const share = auth === 'forward' ? 0.5 : 1;
  const bulkhead = createBulkhead({
    capacity: maxInFlight,
    capacityPerKey: Math.ceil(maxInFlight * share),
    queue: maxQueue,
    queuePerKey: Math.ceil(maxQueue * share),
  });
  // One operation may fail while the other is well: each has its own breakers and retry budgets.
  const tenantsOf = (operation: Operation) =>
    createTenants({
      acceptedKeys,
      now,
      onStateChange: (state) => events.onBreakerStateChange?.(state, operation),
      onTenantStateChange: (state) => events.onTenantBreakerStateChange?.(state, operation),
    });
  const tenants = {
    getCustomerPersona: tenantsOf('getCustomerPersona'),
    listCustomerPersonasByAgent: tenantsOf('listCustomerPersonasByAgent'),
  };
  const loadOf = (operation: Operation): OperationLoad => ({
    breaker: tenants[operation].breakerState(),
    retriesLeft: tenants[operation].retriesLeft(),
  });
  const chainFor = (operation: Operation) =>
    createChain({
      operation,
      tenants: tenants[operation],
      acceptedKeys,
      bulkhead,
      slowMs: timeoutMs / 2,
      now,
      random,
      events,
    });
  const fingerprint = createFingerprint(baseUrl);
  function credentialOf(apiKey: string): string | undefined {
    const credential = acceptedKeys && fingerprint(apiKey);
    return credential !== undefined && acceptedKeys?.has(credential) === true ? credential : undefined;
  }
  const cache = createCache({
    freshness: cacheConfig,
    memory: createMemoryStore(cacheConfig),
    shared,
    wallClock,
    now,
  });
  const customerPersonas: CustomerPersonasClient = {
    get: createGetCustomerPersona({
      transport,
      fingerprint,
      cache,
      chain: chainFor('getCustomerPersona'),
      events,
      now,
    }),
    listByAgent: createListCustomerPersonasByAgent({
      transport,
      fingerprint,
      chain: chainFor('listCustomerPersonasByAgent'),
      events,
      wallClock,
      now,
    }),
  };
  return {
    customerPersonas,
    load: () => ({
      inFlight: bulkhead.inFlight,
      maxInFlight,
      queued: bulkhead.queued,
      maxQueue,
      operations: {
        getCustomerPersona: loadOf('getCustomerPersona'),
        listCustomerPersonasByAgent: loadOf('listCustomerPersonasByAgent'),
      },
    }),
    credentialOf,
    callerOf: (apiKey) => credentialOf(apiKey) ?? strangers,
    backlogOf: (caller) => bulkhead.backlogOf(caller),
    async close() {
      shared?.close();
      await transport.close();
    },
  };
}

async function openSharedStore(
  { url, sharedTimeoutMs: timeoutMs = 50 }: CacheConfig,
  { onSharedCacheStateChange = () => {} }: BluejayEvents,
): Promise<SharedStore | undefined> {
  if (url === undefined) return undefined;
  // Loaded only here: without a shared cache nobody pays for its client.
  const { createSharedStore } = await import('../upstream/cache/shared-store.ts');
  return createSharedStore({ url, timeoutMs, onStateChange: onSharedCacheStateChange });
}
