import { createCache } from './cache/index.ts';
import { createMemoryStore } from './cache/memory-store.ts';
import type { SharedStore } from './cache/shared-store.ts';
import { createEndpointCall } from './client.ts';
import type { EndpointCall } from './client.ts';
import type { AnyEndpoint, Endpoint } from './endpoint.ts';
import { createFingerprint } from './fingerprint.ts';
import type { BreakerState } from './resilience/breaker.ts';
import { createBulkhead } from './resilience/bulkhead.ts';
import { createChain } from './resilience/chain.ts';
import { createAcceptedKeys, createTenants } from './resilience/tenants.ts';
import type { CacheConfig, UpstreamEvents, UpstreamOptions } from './options.ts';
import { createTransport } from './transport/transport.ts';

export type { CacheConfig, Credential, UpstreamEvents, UpstreamLimits, UpstreamOptions } from './options.ts';

const cacheDefaults: CacheConfig = {
  ttlMs: 0,
  notFoundTtlMs: 0,
  staleMs: 0,
  maxEntries: 10_000,
  maxBytes: 33_554_432,
  url: undefined,
};

/** The current state of an upstream, for all API keys together. */
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
  /** The smallest retry budget of any API key, in retries. */
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

/** A service with its sockets, cache, breakers and budgets, shared by all requests. */
export interface Upstream<Endpoints extends readonly AnyEndpoint[]> {
  readonly calls: UpstreamCalls<Endpoints>;
  /** Returns the calls in flight and waiting, and the state of the breakers and retry budgets. */
  load(): UpstreamLoad;
  /** The fingerprint of an API key that the service accepted recently; undefined for any other, and with `service`. */
  credentialOf(apiKey: string): string | undefined;
  /** The share of its queue that a caller has filled, from 0 to 1. */
  readonly backlogOf: (caller: string) => number;
  /** The bytes of the entries that are cached in this process, approximately. */
  readonly cachedBytes: () => number;
  /** Closes every socket; calls in flight fail with `unavailable`. */
  close(): Promise<void>;
}

/**
 * Opens a service: every endpoint gets its call, with the cache, coalescing, retries, breaker and bulkhead.
 *
 * @example
 * const shop = await createUpstream({ name: 'shop', baseUrl, credential, errorDialect, endpoints: [getOrder], userAgent });
 * const { value } = await shop.calls.getOrder({ order_id: 7 }, { apiKey });
 */
export async function createUpstream<const Endpoints extends readonly AnyEndpoint[]>(
  options: UpstreamOptions<Endpoints>,
): Promise<Upstream<Endpoints>> {
  const { name: service, title, baseUrl, credential, errorDialect, endpoints, userAgent, proxy } = options;
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
  // Where every caller brings its own key, none may occupy the whole bulkhead.
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
    const chain = createChain({
      service,
      operation,
      title,
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
      title,
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
    backlogOf: bulkhead.backlogOf,
    cachedBytes: memory.bytes,
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
  // Imported on demand: without a shared cache its client is not loaded.
  const { createSharedStore } = await import('./cache/shared-store.ts');
  return createSharedStore({ url, keyPrefix, timeoutMs, onStateChange: onSharedCacheStateChange });
}
