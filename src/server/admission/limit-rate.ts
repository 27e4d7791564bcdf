import type { IncomingMessage } from 'node:http';
import { pointsOfWrite } from '../../schema/reads.ts';
import { readClientAddress } from '../http/client-address.ts';
import type { Route } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import type { RateLimiter } from './rate-limiter.ts';

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
 * Limits what each caller may cost: every read of Bluejay is a point, a write several, and every request at least one. The first
 * point is taken at once, and all that the operation can cost before it is executed, so that requests that are
 * under way at the same time see each other; what was taken too much is given back. The points may end in the
 * middle of a request, which is still answered: a caller overdraws by one request, and by retries.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ for the fields (revision 11)
 */
export function limitRate(route: Route, options: RateLimitOptions): Route {
  const { limiter, points: limit, windowSeconds, trustedProxies, credentialOf } = options;
  const policy = `"default";q=${limit};w=${windowSeconds}`;
  return async (exchange) => {
    const { request, response, statistics } = exchange;
    const key = credentialOf(request) ?? readClientAddress(request, trustedProxies);
    let paid = 1;
    let charge = await limiter.charge(key, paid);
    const cost = () =>
      Math.max(1, statistics.upstreamCalls + statistics.upstreamWrites * (pointsOfWrite - 1));
    const resetSeconds = () => Math.ceil(charge.resetMs / 1_000);
    const reserve = async (_reads: number, points: number) => {
      const more = points - paid;
      if (more <= 0) return;
      charge = await limiter.charge(key, more);
      paid = points;
      if (charge.taken - more > limit) throw rateLimited(resetSeconds());
    };
    const sayWhatIsLeft = () => {
      const left = Math.max(0, limit - charge.taken + paid - cost());
      response.setHeader('ratelimit', `"default";r=${left};t=${resetSeconds()}`);
    };
    response.setHeader('ratelimit-policy', policy);
    exchange.reserve = reserve;
    exchange.beforeAnswer = sayWhatIsLeft;
    if (charge.taken > limit) throw rateLimited(resetSeconds());
    try {
      await route(exchange);
    } finally {
      const owed = cost() - paid;
      if (owed > 0) await limiter.charge(key, owed);
      if (owed < 0) await limiter.giveBack(key, -owed, charge);
    }
  };
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
