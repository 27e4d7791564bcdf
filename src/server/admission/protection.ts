import type { IncomingMessage } from 'node:http';
import { eventLoopUtilization } from 'node:perf_hooks';
import type { ProtectionConfig } from '../../config/index.ts';
import type { Logger } from '../../observability/logger.ts';
import { allowOrigins } from '../http/cors.ts';
import { allowHosts } from '../http/hosts.ts';
import type { Route } from '../http/exchange.ts';
import { createAdmission } from './admission.ts';
import { createBatches } from './batches.ts';
import { createLine } from './line.ts';
import { shedLoad } from './shed-load.ts';
import type { ShedLoadOptions } from './shed-load.ts';
import { requireRouterSecret } from './router-secret.ts';
import type { RouterSecretOptions } from './router-secret.ts';

export interface ProtectionOptions extends ProtectionConfig {
  /** See `RateLimitOptions`. */
  readonly credentialOf: (request: IncomingMessage) => string | undefined;
  readonly callerOf: ShedLoadOptions['callerOf'];
  readonly backlogOf: ShedLoadOptions['backlogOf'];
  readonly routerSecret: RouterSecretOptions;
  /** Where replicas count together. */
  readonly sharedUrl: string | undefined;
  readonly logger: Logger;
}

/** What stands in front of a route that is costly. */
export interface Protection {
  /**
   * Answers browsers' preflights first. Then checks for overload, which is cheap to find out; for the router's secret;
   * and for the rate limit, so that a request without the secret takes no point.
   */
  protect(route: Route): Route;
  isOverloaded(): boolean;
  close(): void;
}

/** How often it is looked how busy the event loop is. */
const utilizationIntervalMs = 20;

/** An event loop with less to do has time for whatever Bluejay answers. */
const busyFrom = 0.9;

const now = () => performance.now();

export async function createProtection(options: ProtectionOptions): Promise<Protection> {
  const {
    allowedHosts,
    corsOrigins,
    corsLoopback = false,
    overload,
    rateLimit,
    callerOf,
    backlogOf,
    routerSecret,
    sharedUrl,
    logger,
  } = options;
  let isBusy = false;
  const admission = createAdmission({
    ...overload,
    isBusy: () => isBusy,
    line: createLine({ now }),
    resumptions: createLine({ now }),
    now,
  });
  const batches = createBatches();
  let usage = eventLoopUtilization();
  const timer = setInterval(() => {
    const before = usage;
    usage = eventLoopUtilization();
    isBusy = overload.maxEventLoopDelayMs > 0 && eventLoopUtilization(usage, before).utilization >= busyFrom;
    batches.adapt(isBusy);
  }, utilizationIntervalMs);
  // It is no reason for a program to go on.
  timer.unref();
  const limited = rateLimit && (await openRateLimit({ ...options, ...rateLimit, sharedUrl, logger }));
  return {
    protect(route) {
      const limitedRoute = limited === undefined ? route : limited.limit(route);
      const shed = shedLoad(requireRouterSecret(limitedRoute, routerSecret), {
        admission,
        batches,
        callerOf,
        backlogOf,
      });
      const shared =
        corsOrigins.length === 0 && !corsLoopback ? shed : allowOrigins(shed, corsOrigins, corsLoopback);
      return allowedHosts === undefined ? shared : allowHosts(shared, allowedHosts);
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
  const { createRateLimiter } = await import('./rate-limiter.ts');
  const { limitRate } = await import('./limit-rate.ts');
  const limiter = createRateLimiter({
    ...options,
    url,
    onStateChange: (state, reason) => logger.warn({ state, reason }, 'shared rate limit'),
  });
  return { limit: (route: Route) => limitRate(route, { ...options, limiter }), close: () => limiter.close() };
}
