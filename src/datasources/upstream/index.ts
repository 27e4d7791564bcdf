import { requirePackages } from '../../shared/optional-packages.ts';
import { channelOf } from './cache/fence-message.ts';
import { createFences } from './cache/fences.ts';
import type { Fences } from './cache/fences.ts';
import type { FenceListener } from './cache/fence-listener.ts';
import { createGenerations } from './cache/generations.ts';
import type { Generations } from './cache/generations.ts';
import { createCache } from './cache/index.ts';
import { createMemoryStore } from './cache/memory-store.ts';
import type { SharedStore } from './cache/shared-store.ts';
import { createReadCall } from './client.ts';
import type { EndpointCall } from './client.ts';
import type { AnyEndpoint, Endpoint } from './endpoint.ts';
import { createFingerprint, createScope } from './fingerprint.ts';
import type { BreakerState } from './resilience/breaker.ts';
import { createBulkhead } from './resilience/bulkhead.ts';
import { createChain } from './resilience/chain.ts';
import { createAcceptedKeys, createTenants } from './resilience/tenants.ts';
import type { CacheConfig, UpstreamEvents, UpstreamOptions } from './options.ts';
import { createTransport } from './transport/transport.ts';
import { createWriteCall } from './write.ts';

export type { CacheConfig, Credential, UpstreamEvents, UpstreamLimits, UpstreamOptions } from './options.ts';

const defaultKeyPrefix = 'upstream:';

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
  /** Waits for the writes on their way, then closes every socket; reads in flight fail with `unavailable`. */
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
  const isWritten = endpoints.some(({ method }) => method !== 'GET');
  const { maxWritesInFlight = isWritten ? Math.ceil(maxInFlight / 8) : 0 } = limits;
  const { now = () => performance.now(), wallClock = Date.now, random = Math.random } = options;
  const cacheConfig = { ...cacheDefaults, ...options.cache };
  const scope = createScope(service, baseUrl);
  const generations = createGenerations({ now });
  const shared = await openSharedStore(cacheConfig, scope, events);
  const fences = createFences({ generations, scope, shared, peers: options.peers });
  const listener = isWritten ? await openFenceListener(cacheConfig, scope, fences, generations) : undefined;
  const pendingWrites = new Set<Promise<unknown>>();
  const memory = createMemoryStore(cacheConfig);
  const transport = createTransport({
    baseUrl,
    userAgent,
    credentialHeader: credential.header,
    refusalStatuses: errorDialect.statuses,
    timeoutMs,
    connections: maxInFlight + maxWritesInFlight,
    proxy,
  });
  // Where every caller brings its own key, none may occupy the whole bulkhead.
  const acceptedKeys = auth === 'forward' ? createAcceptedKeys() : undefined;
  const share = auth === 'forward' ? 0.5 : 1;
  const bulkheadOf = (capacity: number, queue: number) =>
    createBulkhead({
      capacity,
      capacityPerKey: Math.ceil(capacity * share),
      queue,
      queuePerKey: Math.ceil(queue * share),
    });
  const bulkhead = bulkheadOf(maxInFlight, maxQueue);
  // A flood of reads keeps no write waiting.
  const writeBulkhead = bulkheadOf(
    maxWritesInFlight,
    Math.ceil((maxQueue * maxWritesInFlight) / maxInFlight),
  );
  const fingerprint = createFingerprint({ service, baseUrl, pattern: credential.pattern });

  function open(endpoint: AnyEndpoint) {
    const { operation, idempotent, method } = endpoint;
    const isWrite = method !== 'GET';
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
      bulkhead: isWrite ? writeBulkhead : bulkhead,
      slowMs: timeoutMs / 2,
      now,
      random,
      events,
    });
    const parts = { service, title, endpoint, transport, errorDialect, chain, fingerprint, events, now };
    const call = isWrite
      ? createWriteCall<object, unknown>({
          ...parts,
          endpoints,
          fences,
          isAccepted: (tenant) => acceptedKeys === undefined || acceptedKeys.has(tenant),
          timeoutMs,
          pending: pendingWrites,
          onEnd: events.onWrite,
        })
      : createReadCall<object, unknown>({ ...parts, generations, cache: openCache(endpoint), wallClock });
    return { operation, tenants, call };
  }

  function openCache({ operation, cache, absent, decode }: AnyEndpoint) {
    if (cache === undefined) return undefined;
    return createCache<object, unknown>({
      operation,
      generations,
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
      inFlight: bulkhead.inFlight + writeBulkhead.inFlight,
      maxInFlight: maxInFlight + maxWritesInFlight,
      queued: bulkhead.queued + writeBulkhead.queued,
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
      // Each ends with its attempt.
      await Promise.allSettled(pendingWrites);
      listener?.close();
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
  { url, keyPrefix = defaultKeyPrefix, ...config }: CacheConfig,
  scope: string,
  { onSharedCacheStateChange = () => {} }: UpstreamEvents,
): Promise<SharedStore | undefined> {
  if (url === undefined) return undefined;
  await requirePackages('redis', 'cache.url');
  // Imported on demand: without a shared cache its client is not loaded.
  const { createSharedStore } = await import('./cache/shared-store.ts');
  return createSharedStore({
    url,
    keyPrefix,
    scope,
    timeoutMs: config.sharedTimeoutMs ?? 50,
    retryMs: config.sharedRetryMs,
    maxForgottenKeys: config.maxForgottenKeys,
    onStateChange: onSharedCacheStateChange,
  });
}

/** Hears of the writes of the replicas that share the store. */
async function openFenceListener(
  { url, keyPrefix = defaultKeyPrefix }: CacheConfig,
  scope: string,
  fences: Fences,
  generations: Generations,
): Promise<FenceListener | undefined> {
  if (url === undefined) return undefined;
  const { createFenceListener } = await import('./cache/fence-listener.ts');
  return createFenceListener({
    url,
    channel: channelOf({ keyPrefix, scope }),
    onMessage: (message) => fences.receive(message),
    onListening: () => generations.renew(),
  });
}
