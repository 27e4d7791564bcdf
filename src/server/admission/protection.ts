import type { IncomingMessage } from 'node:http';
import { eventLoopUtilization } from 'node:perf_hooks';
import type { ProtectionConfig } from '../../config/index.ts';
import type { Logger } from '../../observability/logger.ts';
import { readClientAddress } from '../http/client-address.ts';
import { allowOrigins } from '../http/cors.ts';
import { sendRefusal } from '../http/exchange.ts';
import type { Ledger, Route } from '../http/exchange.ts';
import { allowHosts } from '../http/hosts.ts';
import { adaptIntervalMs, createAdmission } from './admission.ts';
import type { Admission } from './admission.ts';
import { createCallers } from './callers.ts';
import type { Callers } from './callers.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import type { MemoryLedgerOptions } from './memory-ledger.ts';
import { overloaded } from './overloaded.ts';
import { requireRouterSecret } from './router-secret.ts';
import type { RouterSecretOptions } from './router-secret.ts';

export interface ProtectionOptions extends ProtectionConfig, Omit<MemoryLedgerOptions, 'budgetBytes'> {
  /** See `RateLimitOptions`. */
  readonly credentialOf: (request: IncomingMessage) => string | undefined;
  /** Whether all callers come through a router, and are one. */
  readonly isBehindRouter: boolean;
  readonly routerSecret: RouterSecretOptions;
  /** Where replicas count together. */
  readonly sharedUrl: string | undefined;
  /** The longest that a request waits for them, in milliseconds. @default 50 */
  readonly sharedTimeoutMs?: number | undefined;
  readonly logger: Logger;
}

/** What stands in front of a route that is costly. */
export interface Protection {
  readonly admission: Admission;
  readonly ledger: Ledger;
  /**
   * Answers browsers' preflights first. Then checks for overload, which is cheap to find out; for the router's secret;
   * and for the rate limit, so that a request without the secret takes no point.
   */
  protect(route: Route): Route;
  close(): void;
}

/** An event loop with less to do has time for whatever the upstream answers. */
const busyFrom = 0.9;

const now = () => performance.now();

export async function createProtection(options: ProtectionOptions): Promise<Protection> {
  const { allowedHosts, maxQueueDelayMs, memoryBudgetBytes } = options;
  const { rateLimit, routerSecret, sharedUrl, logger } = options;
  const admission = createAdmission({ maxDelayMs: maxQueueDelayMs, now });
  const ledger = createMemoryLedger({ ...options, budgetBytes: memoryBudgetBytes });
  const callers = createCallers();
  let usage = eventLoopUtilization();
  const timer = setInterval(() => {
    const before = usage;
    usage = eventLoopUtilization();
    admission.adapt(eventLoopUtilization(usage, before).utilization >= busyFrom);
    callers.sweep();
  }, adaptIntervalMs);
  // It is no reason for a program to go on.
  timer.unref();
  const limited = rateLimit && (await openRateLimit({ ...options, ...rateLimit, sharedUrl, logger }));
  return {
    admission,
    ledger,
    protect(route) {
      const limitedRoute = limited === undefined ? route : limited.limit(route);
      const checked = requireRouterSecret(limitedRoute, routerSecret);
      const admitted = admit(checked, admission, createCallerOf(options), callers);
      const shared = allowOrigins(admitted, options);
      return allowedHosts === undefined ? shared : allowHosts(shared, allowedHosts);
    },
    close() {
      clearInterval(timer);
      limited?.close();
    },
  };
}

/**
 * Charges exchanges to their callers, and refuses requests that there would be no time for, before their bodies are read.
 */
function admit(
  route: Route,
  admission: Admission,
  callerOf: (request: IncomingMessage) => string,
  callers: Callers,
): Route {
  return (exchange) => {
    const { request, server } = exchange;
    server.ledger.assign(exchange, callers.accountOf(callerOf(request)));
    return admission.isOpenTo(exchange.account) ? route(exchange) : sendRefusal(exchange, overloaded);
  };
}

/**
 * A caller is whoever has a key that the upstream has accepted lately. Anybody can invent keys, so those who bring others,
 * or none, are one caller for each client address. Behind a router all are one.
 */
function createCallerOf(options: ProtectionOptions): (request: IncomingMessage) => string {
  const { credentialOf, isBehindRouter, trustedProxies } = options;
  return (request) =>
    credentialOf(request) ??
    (isBehindRouter ? 'router' : `address ${readClientAddress(request, trustedProxies)}`);
}

/** Loaded only where there is a limit: the others pay nothing for it. */
async function openRateLimit(options: ProtectionOptions & NonNullable<ProtectionConfig['rateLimit']>) {
  const { sharedUrl: url, sharedTimeoutMs: timeoutMs, logger } = options;
  const { createRateLimiter } = await import('./rate-limiter.ts');
  const { limitRate } = await import('./limit-rate.ts');
  const limiter = await createRateLimiter({
    ...options,
    url,
    timeoutMs,
    onStateChange: (state, reason) => logger.warn({ state, reason }, 'shared rate limit'),
  });
  return { limit: (route: Route) => limitRate(route, { ...options, limiter }), close: () => limiter.close() };
}
