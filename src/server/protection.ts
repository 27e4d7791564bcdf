import type { IncomingMessage } from 'node:http';
import { eventLoopUtilization } from 'node:perf_hooks';
import type { ProtectionConfig } from '../config.ts';
import type { Logger } from '../observability/logger.ts';
import { allowOrigins } from './cors.ts';
import type { Route } from './exchange.ts';
import { createAdmission } from './overload/admission.ts';
import { createLine } from './overload/line.ts';
import { shedLoad } from './overload/shed-load.ts';
import type { BacklogOf } from './overload/shed-load.ts';

export interface ProtectionOptions extends ProtectionConfig {
  /** See `RateLimitOptions`. */
  readonly credentialOf: (request: IncomingMessage) => string | undefined;
  readonly backlogOf: BacklogOf;
  /** Where replicas count together. */
  readonly sharedUrl: string | undefined;
  readonly logger: Logger;
}

/** What stands in front of a route that is costly. */
export interface Protection {
  /** Browsers' preflights are answered first; then overload, which is cheap to find out, then the rate limit. */
  protect(route: Route): Route;
  isOverloaded(): boolean;
  close(): void;
}

/** How often it is looked how busy the event loop is. */
const utilizationIntervalMs = 20;

const now = () => performance.now();

export async function createProtection(options: ProtectionOptions): Promise<Protection> {
  const { corsOrigins, overload, rateLimit, backlogOf, sharedUrl, logger } = options;
  const admission = createAdmission({ ...overload, line: createLine({ now }), now });
  let usage = eventLoopUtilization();
  const timer = setInterval(() => {
    const before = usage;
    usage = eventLoopUtilization();
    admission.onUtilization(eventLoopUtilization(usage, before).utilization);
  }, utilizationIntervalMs);
  // It is no reason for a program to go on.
  timer.unref();
  const limited = rateLimit && (await openRateLimit({ ...options, ...rateLimit, sharedUrl, logger }));
  return {
    protect(route) {
      const shed = shedLoad(limited === undefined ? route : limited.limit(route), admission, backlogOf);
      return corsOrigins.length === 0 ? shed : allowOrigins(shed, corsOrigins);
    },
    isOverloaded: () => admission.isOverloaded(),
    close() {
      clearInterval(timer);
      limited?.close();
    },
  };
}

/** Loaded only where there is a limit: the others pay nothing for it. */
async function openRateLimit(options: ProtectionOptions & NonNullable<ProtectionConfig['rateLimit']>) {
  const { sharedUrl: url, logger } = options;
  const { createRateLimiter } = await import('./rate-limit/limiter.ts');
  const { limitRate } = await import('./rate-limit/limit-rate.ts');
  const limiter = createRateLimiter({
    ...options,
    url,
    onStateChange: (state) => logger.warn({ state }, 'shared rate limit'),
  });
  return { limit: (route: Route) => limitRate(route, { ...options, limiter }), close: () => limiter.close() };
}
