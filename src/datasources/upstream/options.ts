import type { Peers } from './cache/fences.ts';
import type { FreshnessOptions } from './cache/freshness.ts';
import type { MemoryStoreOptions } from './cache/memory-store.ts';
import type { SharedStoreState } from './cache/shared-store.ts';
import type { CallEvents } from './call.ts';
import type { ClientEvents } from './client.ts';
import type { AnyEndpoint } from './endpoint.ts';
import type { ErrorDialect } from './error-dialect.ts';
import type { BreakerState } from './resilience/breaker.ts';
import type { ChainEvents } from './resilience/chain.ts';
import type { Proxy } from './transport/route.ts';
import type { WriteEnd } from './write.ts';

/** Declares a service. */
export interface UpstreamOptions<Endpoints extends readonly AnyEndpoint[]> {
  /** The service's name in errors, logs, metrics and traces. */
  readonly name: string;
  /** The service's name in messages for people, such as `Bluejay`. @default `name` */
  readonly title?: string | undefined;
  /** Origin and optional path prefix, without a trailing slash. */
  readonly baseUrl: string;
  readonly credential: Credential;
  readonly errorDialect: ErrorDialect;
  readonly endpoints: Endpoints;
  /** Sent as `user-agent`. */
  readonly userAgent: string;
  readonly limits?: UpstreamLimits;
  /** The proxy that connections go through. @default none */
  readonly proxy?: Proxy | undefined;
  /**
   * `forward`: callers bring keys of their own. Each key then has its own breaker and retry budget, and at most half of
   * the bulkhead. @default service
   */
  readonly auth?: 'service' | 'forward';
  /** Limits the cache of endpoints that have one. */
  readonly cache?: Partial<CacheConfig>;
  readonly events?: UpstreamEvents;
  /** Other processes that read the same service, to be told of writes. @default those that share `cache.url` */
  readonly peers?: Peers | undefined;
  /** Milliseconds on a clock that never goes back. @default performance.now */
  readonly now?: () => number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly wallClock?: () => number;
  /** From 0 up to, not including, 1. @default Math.random */
  readonly random?: () => number;
}

/** How the service authenticates a call. */
export interface Credential {
  /** The header, in lower case. */
  readonly header: string;
  /** Matches the values that may be sent; others are refused before a call. */
  readonly pattern: RegExp;
}

export interface UpstreamLimits {
  /** The longest one attempt may take, connecting and body included, in milliseconds. @default 3000 */
  readonly timeoutMs?: number;
  /** The most calls in flight, and the most sockets open. @default 64 */
  readonly maxInFlight?: number;
  /** The most calls that wait for a place in flight; one more is `overloaded`. @default 4096 */
  readonly maxQueue?: number;
  /**
   * The most writes in flight, with sockets of their own beside those of `maxInFlight`, so that reads cannot take their
   * places. The same share of `maxQueue` may wait besides. @default an eighth of maxInFlight; 0 where no endpoint writes
   */
  readonly maxWritesInFlight?: number;
}

export interface CacheConfig extends FreshnessOptions, MemoryStoreOptions {
  /** The `redis://` or `rediss://` URL of a Redis or Valkey that all replicas share. */
  readonly url: string | undefined;
  /** The prefix of its keys. @default 'upstream:' */
  readonly keyPrefix?: string;
  /** The longest that it may delay a read, a write or the rate limit, in milliseconds. @default 50 */
  readonly sharedTimeoutMs?: number;
  /** How long after a failure it is tried again, in milliseconds. @default 1000 */
  readonly sharedRetryMs?: number;
  /** The most keys that are remembered because Redis could not delete them. @default 10000 */
  readonly maxForgottenKeys?: number;
}

/** For logs and metrics. */
export interface UpstreamEvents extends CallEvents, ClientEvents, ChainEvents {
  readonly onBreakerStateChange?: (state: BreakerState, operation: string, service: string) => void;
  /** The breaker of one API key has changed; only with `forward`. */
  readonly onTenantBreakerStateChange?: (state: BreakerState, operation: string, service: string) => void;
  /** A write has ended, also one whose caller had left. */
  readonly onWrite?: (end: WriteEnd) => void;
  /** `reason`: the code of the failure, such as `timeout` or `READONLY`. */
  readonly onSharedCacheStateChange?: (state: SharedStoreState, reason?: string) => void;
}
