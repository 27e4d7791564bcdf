import type { IncomingMessage } from 'node:http';
import { readClientAddress } from '../client-address.ts';
import type { Route } from '../exchange.ts';
import { Refusal } from '../refusal.ts';
import type { RateLimiter } from './limiter.ts';

export interface RateLimitOptions {
  readonly limiter: RateLimiter;
  readonly points: number;
  readonly windowSeconds: number;
  readonly trustedProxies: number;
  /**
   * A stand-in for the caller's credential, or undefined where it is none that is known to be good: whoever
   * invents keys is counted by address.
   */
  readonly credentialOf: (request: IncomingMessage) => string | undefined;
}

/**
 * Limits what each caller may cost: every call to Bluejay is a point, and every request at least one. What a
 * request costs is known when it has been executed, so the points beyond the first are taken then, and it is
 * the next request that is refused.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ for the fields (revision 11)
 */
export function limitRate(route: Route, options: RateLimitOptions): Route {
  const { limiter, points, windowSeconds, trustedProxies, credentialOf } = options;
  const policy = `"default";q=${points};w=${windowSeconds}`;
  return async (exchange) => {
    const { request, response, statistics } = exchange;
    const credential = credentialOf(request);
    const key = credential ?? readClientAddress(request, trustedProxies);
    const { taken, resetMs } = await limiter.charge(key, 1);
    const resetSeconds = Math.ceil(resetMs / 1_000);
    response.setHeader('ratelimit-policy', policy);
    const tellRemaining = () => {
      const remaining = Math.max(0, points - taken - costBeyondFirst(statistics.upstreamCalls));
      response.setHeader('ratelimit', `"default";r=${remaining};t=${resetSeconds}`);
    };
    exchange.beforeAnswer = tellRemaining;
    if (taken > points) throw rateLimited(resetSeconds);
    try {
      await route(exchange);
    } finally {
      const cost = costBeyondFirst(statistics.upstreamCalls);
      if (cost > 0) await limiter.charge(key, cost);
    }
  };
}

function costBeyondFirst(upstreamCalls: number): number {
  return Math.max(0, upstreamCalls - 1);
}

function rateLimited(retryAfterSeconds: number): Refusal {
  return new Refusal(
    429,
    'RATE_LIMITED',
    'Too many requests: try again when the time in Retry-After is over.',
    { 'retry-after': String(retryAfterSeconds) },
    { retryable: true, retryAfterMs: retryAfterSeconds * 1_000 },
  );
}
