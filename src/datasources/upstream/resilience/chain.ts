import type { Cancellation } from '../../../shared/cancellation.ts';
import { UpstreamError } from '../errors.ts';
import type { CallName } from '../errors.ts';
import type { Breaker, CallOutcome } from './breaker.ts';
import type { Bulkhead } from './bulkhead.ts';
import type { CallContext } from './coalesce.ts';
import { retryDelayMs } from './retry-delay.ts';
import type { AcceptedKeys, Tenant, Tenants } from './tenants.ts';

export interface ChainOptions extends CallName {
  /** Whether a call may be sent again after it may have arrived (RFC 9110, section 9.2.2). */
  readonly idempotent: boolean;
  readonly tenants: Tenants;
  readonly acceptedKeys: AcceptedKeys | undefined;
  readonly bulkhead: Bulkhead;
  /** An attempt that is aborted after this time counts as failed, in milliseconds. */
  readonly slowMs: number;
  /** Milliseconds on a clock that never goes back: the one of every `deadlineAtMs`. */
  readonly now: () => number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly events?: ChainEvents;
}

/** For logs and metrics. */
export interface ChainEvents {
  /** A failed attempt is about to be repeated. */
  readonly onRetry?: ((operation: string, service: string) => void) | undefined;
  /** A failed attempt is not repeated, because the retry budget is exhausted. */
  readonly onRetryDenied?: ((operation: string, service: string) => void) | undefined;
  /** A call was refused because the queue is full. */
  readonly onOverloaded?: ((operation: string, service: string) => void) | undefined;
}

/**
 * Runs a call with retries, a breaker and a bulkhead.
 *
 * @param fingerprint the fingerprint of the call's API key
 * @param attempt sends the call once, and resolves with its error where it failed; the first time is number 1
 * @throws {UpstreamError} what the last attempt threw; `unavailable` with `circuit_open`; `overloaded`
 * @throws the context's reason once its signal is aborted
 */
export type Chain = <Value>(
  fingerprint: string,
  context: CallContext,
  attempt: (signal: Cancellation, number: number) => Promise<Value | UpstreamError>,
) => Promise<Value>;

/** The most attempts of a call. */
const maxAttempts = 3;
/** The `retryAfterMs` of a full bulkhead: about the time in which a few calls end. */
export const overloadedRetryAfterMs = 1_000;

/**
 * Creates the chain: retry → breaker → bulkhead → one attempt. The breaker is checked before the bulkhead, so that an
 * open one fails calls at once however long the queue is, and again after the wait. A pause between attempts occupies
 * no place in the bulkhead.
 */
export function createChain(options: ChainOptions): Chain {
  const {
    service,
    operation,
    title,
    idempotent,
    tenants,
    acceptedKeys,
    bulkhead,
    slowMs,
    now,
    random,
    events = {},
  } = options;

  const name = { service, operation, title };

  function circuitOpen(breaker: Breaker): UpstreamError {
    const retryAfterMs = Math.ceil(breaker.retryAfterMs());
    return new UpstreamError(
      { kind: 'unavailable', reason: 'circuit_open', retryAfterMs, isUnsent: true },
      name,
    );
  }

  /** Returns the delay before the next attempt, in milliseconds; undefined where there is none. */
  function planRetry(error: unknown, attempts: number, tenant: Tenant, context: CallContext) {
    if (!(error instanceof UpstreamError) || attempts >= maxAttempts || !tenant.breaker.allows()) {
      return undefined;
    }
    if (!idempotent && !isUnsent(error)) return undefined;
    // All callers may have left before the attempt failed.
    if (context.signal.aborted) return undefined;
    // A stale connection is no failure of the upstream: retried at once on another one, outside the budget.
    if (attempts === 1 && isStaleConnection(error)) return 0;
    const delayMs = retryDelayMs(error.failure, attempts, random);
    if (delayMs === undefined || now() + delayMs >= context.deadlineAtMs) return undefined;
    if (tenant.retryBudget.withdraw()) return delayMs;
    events.onRetryDenied?.(operation, service);
    return undefined;
  }

  return async (fingerprint, context, attempt) => {
    const { signal } = context;
    for (let attempts = 1; ; attempts += 1) {
      if (signal.aborted) throw signal.reason;
      const tenant = tenants.of(fingerprint);
      const { breaker, retryBudget } = tenant;
      if (!breaker.allows()) throw circuitOpen(breaker);
      const share = context.observer?.caller ?? tenant.key;
      const entered = bulkhead.enter(share, signal);
      // oxlint-disable-next-line no-await-in-loop -- attempts come one after the other
      const place = entered instanceof Promise ? await entered : entered;
      if (place === 'full') {
        events.onOverloaded?.(operation, service);
        throw new UpstreamError({ kind: 'overloaded', retryAfterMs: overloadedRetryAfterMs }, name);
      }
      const report = breaker.enter();
      let isAnswered = false;
      let failure: unknown;
      const startedAtMs = now();
      try {
        // All callers may have left during the wait.
        if (signal.aborted) throw signal.reason;
        if (report === undefined) throw circuitOpen(breaker);
        if (attempts === 1) retryBudget.deposit();
        // oxlint-disable-next-line no-await-in-loop
        const result = await attempt(signal, attempts);
        if (!(result instanceof UpstreamError)) {
          isAnswered = true;
          acceptedKeys?.add(fingerprint);
          return result;
        }
        failure = result;
      } catch (error) {
        failure = error;
      } finally {
        bulkhead.leave(share);
        if (isAnswered) report?.('success');
        // Whoever gives up shows something only after a while.
        else if (signal.aborted && failure === signal.reason) {
          report?.(now() - startedAtMs >= slowMs ? 'failure' : 'ignored');
        } else report?.(outcomeOf(failure));
      }
      if (isKeyRefused(failure)) acceptedKeys?.delete(fingerprint);
      const delayMs = planRetry(failure, attempts, tenant, context);
      if (delayMs === undefined) throw failure;
      events.onRetry?.(operation, service);
      // oxlint-disable-next-line no-await-in-loop
      await pause(delayMs, signal);
    }
  };
}

function pause(delayMs: number, signal: Cancellation): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, delayMs);
    signal.addEventListener('abort', end);
  });
}

/** Maps an error to its outcome for the breaker: a 4xx or a wrong shape comes from a healthy upstream. */
function outcomeOf(error: unknown): CallOutcome {
  if (!(error instanceof UpstreamError)) return 'ignored';
  const { failure, upstream } = error;
  if (failure.kind === 'timeout') return 'failure';
  if (isStaleConnection(error)) return 'ignored';
  if (failure.kind === 'unavailable') return 'failure';
  return (upstream?.status ?? 0) >= 500 ? 'failure' : 'success';
}

function isKeyRefused(error: unknown): boolean {
  return error instanceof UpstreamError && error.failure.kind === 'unauthenticated';
}

/** Whether no byte of the request was sent. */
function isUnsent({ failure }: UpstreamError): boolean {
  return 'isUnsent' in failure && failure.isUnsent;
}

function isStaleConnection({ failure }: UpstreamError): boolean {
  return 'isStaleConnection' in failure && failure.isStaleConnection;
}
