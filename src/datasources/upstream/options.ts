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

/** A service, as data. */
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

/** For logs and metrics. */
export interface UpstreamEvents extends CallEvents, ClientEvents, ChainEvents {
  readonly onBreakerStateChange?: (state: BreakerState, operation: string, service: string) => void;
  /** Of the breaker of one API key, with `forward`. */
  readonly onTenantBreakerStateChange?: (state: BreakerState, operation: string, service: string) => void;
  /** `reason`: the code of what went wrong with it, such as `timeout` or `READONLY`. */
  readonly onSharedCacheStateChange?: (state: SharedStoreState, reason?: string) => void;
}
