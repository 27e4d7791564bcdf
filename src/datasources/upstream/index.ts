import { createCache } from './cache/index.ts';
import type { FreshnessOptions } from './cache/freshness.ts';
import { createMemoryStore } from './cache/memory-store.ts';
import type { MemoryStoreOptions } from './cache/memory-store.ts';
import type { SharedStore, SharedStoreState } from './cache/shared-store.ts';
import type { CallEvents } from './call.ts';
import { createEndpointCall } from './client.ts';
import type { ClientEvents, EndpointCall } from './client.ts';
import type { AnyEndpoint, Endpoint } from './endpoint.ts';
import type { ErrorDialect } from './error-dialect.ts';
import { createFingerprint } from './fingerprint.ts';
import type { BreakerState } from './resilience/breaker.ts';
import { createBulkhead } from './resilience/bulkhead.ts';
import { createChain } from './resilience/chain.ts';
import type { ChainEvents } from './resilience/chain.ts';
import { createAcceptedKeys, createTenants, strangers } from './resilience/tenants.ts';
import { createTransport } from './transport/transport.ts';
import type { Proxy } from './transport/route.ts';

/** A service, as data. */
export interface UpstreamOptions<Endpoints extends readonly AnyEndpoint[]> {
  /** The service's name in errors, logs, metrics and traces. */
  readonly name: string;
  /** Origin and optional path prefix, without a trailing slash. */
  readonly baseUrl: string;
  readonly credential: Credential;
  readonly errorDialect: ErrorDialect;
  readonly endpoints: Endpoints;
  /** Sent as `user-agent`. */
  readonly userAgent: string;
  readonly limits?: UpstreamLimits;
  /** Through which connections go. @default none: directly */
  readonly proxy?: Proxy | undefined;
  /**
   * Whether callers bring keys of their own (`forward`). Then each key has its own breaker and retry budget,
   * and half of the places at the most. @default service
   */
  readonly auth?: 'service' | 'forward';
  /** What is kept of the answers of endpoints with a `cache`, and for how long. */
  readonly cache?: Partial<CacheConfig>;
  readonly events?: UpstreamEvents;
  /** Milliseconds on a clock that never goes back. @default performance.now */
  readonly now?: () => number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly wallClock?: () => number;
  /** From 0 up to, not including, 1. @default Math.random */
  readonly random?: () => number;
}

/** How the service knows who asks. */
export interface Credential {
  /** The header, in lower case. */
  readonly header: string;
  /** What may travel in it: anything else is refused before a call. */
  readonly pattern: RegExp;
}

export interface UpstreamLimits {
  /** The longest one attempt may take, connecting and body included, in milliseconds. @default 3000 */
  readonly timeoutMs?: number;
  /** The most calls in flight, and the most sockets. @default 64 */
  readonly maxInFlight?: number;
  /** The most calls that wait; one more is `overloaded`. @default 4096 */
  readonly maxQueue?: number;
}

export interface CacheConfig extends FreshnessOptions, MemoryStoreOptions {
  /** `redis://` or `rediss://`, of a Redis or Valkey that all replicas share. */
  readonly url: string | undefined;
  /** What its keys begin with. @default 'upstream:' */
  readonly keyPrefix?: string;
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
export interface UpstreamEvents extends CallEvents, ClientEvents, ChainEvents {
  readonly onBreakerStateChange?: (state: BreakerState, operation: string, service: string) => void;
  /** Of the breaker of one API key, with `forward`. */
  readonly onTenantBreakerStateChange?: (state: BreakerState, operation: string, service: string) => void;
  /** `reason`: the code of what went wrong with it, such as `timeout` or `READONLY`. */
  readonly onSharedCacheStateChange?: (state: SharedStoreState, reason?: string) => void;
}

/** A moment's state, for all API keys together. */
export interface UpstreamLoad {
  readonly service: string;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly queued: number;
  readonly maxQueue: number;
  /** By operation. */
  readonly operations: Readonly<Record<string, OperationLoad>>;
}

interface OperationLoad {
  readonly breaker: BreakerState;
  /** How many retries are left to the API key that has the fewest. */
  readonly retriesLeft: number;
}

/** The calls of a service's endpoints, by operation. */
export type UpstreamCalls<Endpoints extends readonly AnyEndpoint[]> = {
  readonly [One in Endpoints[number] as One['operation']]: One extends Endpoint<
    string,
    infer Input,
    infer Value
  >
    ? EndpointCall<Input, Value>
    : never;
};

/** A service with everything that is shared between requests. */
export interface Upstream<Endpoints extends readonly AnyEndpoint[]> {
  readonly calls: UpstreamCalls<Endpoints>;
  /** How much it has to do, and how well the service is. */
  load(): UpstreamLoad;
  /** A stand-in for an API key that the service has accepted lately; undefined for any other, and with `service`. */
  credentialOf(apiKey: string): string | undefined;
  /** The caller that an API key stands for; with `service`, and until the service has accepted them, all keys are one. */
  callerOf(apiKey: string): string;
  /** How much of its waiting line a caller has filled, from 0 to 1. */
  readonly backlogOf: (caller: string) => number;
  /** Closes every socket; calls in flight fail with `unavailable`. */
  close(): Promise<void>;
}

export async function createUpstream<const Endpoints extends readonly AnyEndpoint[]>(
  options: UpstreamOptions<Endpoints>,
): Promise<Upstream<Endpoints>> {
  const { name: service, baseUrl, credential, errorDialect, endpoints, userAgent, proxy } = options;
  const { auth = 'service', events = {}, limits = {} } = options;
  const { timeoutMs = 3_000, maxInFlight = 64, maxQueue = 4_096 } = limits;
  const { now = () => performance.now(), wallClock = Date.now, random = Math.random } = options;
  const cacheConfig = { ...cacheDefaults, ...options.cache };
  const shared = await openSharedStore(cacheConfig, events);
  const memory = createMemoryStore(cacheConfig);
  const transport = createTransport({
    baseUrl,
    userAgent,
    credentialHeader: credential.header,
    refusalStatuses: errorDialect.statuses,
    timeoutMs,
    connections: maxInFlight,
    proxy,
  });
  // Where every caller brings its own key, none may take all the places.
  const acceptedKeys = auth === 'forward' ? createAcceptedKeys() : undefined;
  const share = auth === 'forward' ? 0.5 : 1;
  const bulkhead = createBulkhead({
    capacity: maxInFlight,
    capacityPerKey: Math.ceil(maxInFlight * share),
    queue: maxQueue,
    queuePerKey: Math.ceil(maxQueue * share),
  });
  const fingerprint = createFingerprint({ service, baseUrl, pattern: credential.pattern });

  function open(endpoint: AnyEndpoint) {
    const { operation, idempotent } = endpoint;
    // One operation may fail while the others are well: each has its own breakers and retry budgets.
    const tenants = createTenants({
      acceptedKeys,
      now,
      onStateChange: (state) => events.onBreakerStateChange?.(state, operation, service),
      onTenantStateChange: (state) => events.onTenantBreakerStateChange?.(state, operation, service),
    });
    const name = { service, operation };
    const chain = createChain({
      ...name,
      idempotent,
      tenants,
      acceptedKeys,
      bulkhead,
      slowMs: timeoutMs / 2,
      now,
      random,
      events,
    });
    const call = createEndpointCall<object, unknown>({
      service,
      endpoint,
      transport,
      errorDialect,
      chain,
      fingerprint,
      cache: openCache(endpoint),
      events,
      now,
      wallClock,
    });
    return { operation, tenants, call };
  }

  function openCache({ cache, absent, decode }: AnyEndpoint) {
    if (cache === undefined) return undefined;
    return createCache<object, unknown>({
      encode: cache.encode,
      absent: absent?.value,
      decode(json, input) {
        const decoded = decode(json, input);
        return decoded.ok ? decoded.value : undefined;
      },
      freshness: cacheConfig,
      memory,
      shared,
      wallClock,
      now,
    });
  }

  const opened = endpoints.map((endpoint) => open(endpoint));
  return {
    calls: Object.fromEntries(
      opened.map(({ operation, call }) => [operation, call]),
    ) as UpstreamCalls<Endpoints>,
    load: () => ({
      service,
      inFlight: bulkhead.inFlight,
      maxInFlight,
      queued: bulkhead.queued,
      maxQueue,
      operations: Object.fromEntries(
        opened.map(({ operation, tenants }) => [
          operation,
          { breaker: tenants.breakerState(), retriesLeft: tenants.retriesLeft() },
        ]),
      ),
    }),
    credentialOf,
    callerOf: acceptedKeys === undefined ? () => strangers : (apiKey) => credentialOf(apiKey) ?? strangers,
    backlogOf: bulkhead.backlogOf,
    async close() {
      shared?.close();
      await transport.close();
    },
  };

  function credentialOf(apiKey: string): string | undefined {
    const fingerprinted = acceptedKeys && fingerprint(apiKey);
    return fingerprinted !== undefined && acceptedKeys?.has(fingerprinted) === true
      ? fingerprinted
      : undefined;
  }
}

async function openSharedStore(
  { url, keyPrefix = 'upstream:', sharedTimeoutMs: timeoutMs = 50 }: CacheConfig,
  { onSharedCacheStateChange = () => {} }: UpstreamEvents,
): Promise<SharedStore | undefined> {
  if (url === undefined) return undefined;
  // Loaded only here: without a shared cache nobody pays for its client.
  const { createSharedStore } = await import('./cache/shared-store.ts');
  return createSharedStore({ url, keyPrefix, timeoutMs, onStateChange: onSharedCacheStateChange });
}
