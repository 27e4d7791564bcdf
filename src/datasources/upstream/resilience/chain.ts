import type { Cancellation } from '../../../shared/cancellation.ts';
import type { Continuation } from '../../../shared/continuation.ts';
import { UpstreamError } from '../errors.ts';
import type { CallName } from '../errors.ts';
import type { CallOutcome, Report } from './breaker.ts';
import type { Bulkhead, Place, PlaceTaker } from './bulkhead.ts';
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
 * Sends a call once.
 *
 * @param number which sending of the call this is, from 1
 * @param continuation resolved with the value, or with the error of an attempt that failed
 */
export interface Attempts<Value> {
  send(number: number, continuation: Continuation<Value | UpstreamError>): void;
}

/**
 * Runs a call with retries, a breaker and a bulkhead.
 *
 * @param fingerprint the fingerprint of the call's API key
 * @param continuation resolved with the value; rejected with the {@link UpstreamError} of the last attempt, with `unavailable`
 *   and `circuit_open`, with `overloaded`, and with the context's reason once its signal is aborted
 */
export type Chain = <Value>(
  fingerprint: string,
  context: CallContext,
  attempts: Attempts<Value>,
  continuation: Continuation<Value>,
) => void;

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
  const { service, operation, title, events = {} } = options;
  const parts = { ...options, name: { service, operation, title }, events };
  return (fingerprint, context, attempts, continuation) =>
    new Run(parts, fingerprint, context, attempts, continuation).start();
}

interface ChainParts extends ChainOptions {
  readonly name: CallName;
  readonly events: ChainEvents;
}

/** For an attempt that the breaker has not let through. */
const reportNothing: Report = () => {};

/** One call on its way through the chain. */
class Run<Value> implements Continuation<Value | UpstreamError>, PlaceTaker {
  readonly #parts: ChainParts;
  readonly #fingerprint: string;
  readonly #context: CallContext;
  readonly #attempts: Attempts<Value>;
  readonly #continuation: Continuation<Value>;
  /** Of the present attempt, as all below. */
  #number = 0;
  #hasPlace = false;
  #tenant!: Tenant;
  #share!: string;
  #report!: Report;
  #startedAtMs = 0;

  constructor(
    parts: ChainParts,
    fingerprint: string,
    context: CallContext,
    attempts: Attempts<Value>,
    continuation: Continuation<Value>,
  ) {
    this.#parts = parts;
    this.#fingerprint = fingerprint;
    this.#context = context;
    this.#attempts = attempts;
    this.#continuation = continuation;
  }

  /** Starts the next attempt. */
  start(): void {
    try {
      this.#enter();
    } catch (error) {
      this.#abandon(error);
    }
  }

  onPlace(place: Place): void {
    this.#hasPlace = place === 'entered';
    try {
      this.#send(place);
    } catch (error) {
      this.#abandon(error);
    }
  }

  /** The attempt has ended. */
  resolve(result: Value | UpstreamError): void {
    try {
      if (result instanceof UpstreamError) this.#fail(result);
      else this.#succeed(result);
    } catch (error) {
      this.#abandon(error);
    }
  }

  reject(failure: unknown): void {
    try {
      this.#fail(failure);
    } catch (error) {
      this.#abandon(error);
    }
  }

  #enter(): void {
    const { signal, observer } = this.#context;
    if (signal.aborted) return this.#continuation.reject(signal.reason);
    const { tenants, bulkhead } = this.#parts;
    this.#number += 1;
    this.#tenant = tenants.of(this.#fingerprint);
    const { breaker, key } = this.#tenant;
    if (!breaker.allows()) return this.#continuation.reject(this.#circuitOpen());
    this.#share = observer?.caller ?? key;
    const place = bulkhead.enter(this.#share, signal, this);
    if (place !== 'waits') this.onPlace(place);
  }

  /** Sends the attempt, where it has a place. */
  #send(place: Place): void {
    const { signal } = this.#context;
    if (place === 'aborted') return this.#continuation.reject(signal.reason);
    const { name, events, now } = this.#parts;
    if (place === 'full') {
      events.onOverloaded?.(name.operation, name.service);
      const failure = { kind: 'overloaded', retryAfterMs: overloadedRetryAfterMs } as const;
      return this.#continuation.reject(new UpstreamError(failure, name));
    }
    const { breaker, retryBudget } = this.#tenant;
    const report = breaker.enter();
    this.#report = report ?? reportNothing;
    this.#startedAtMs = now();
    // All callers may have left during the wait.
    if (signal.aborted) return this.#fail(signal.reason);
    if (report === undefined) return this.#fail(this.#circuitOpen());
    if (this.#number === 1) retryBudget.deposit();
    this.#attempts.send(this.#number, this);
  }

  #succeed(value: Value): void {
    this.#leave('success');
    this.#parts.acceptedKeys?.add(this.#fingerprint);
    this.#continuation.resolve(value);
  }

  #fail(failure: unknown): void {
    const { acceptedKeys, slowMs, now, events, name } = this.#parts;
    const { signal } = this.#context;
    // Whoever gives up shows something only after a while.
    if (signal.aborted && failure === signal.reason) {
      this.#leave(now() - this.#startedAtMs >= slowMs ? 'failure' : 'ignored');
    } else this.#leave(outcomeOf(failure));
    if (isKeyRefused(failure)) acceptedKeys?.delete(this.#fingerprint);
    const delayMs = this.#planRetry(failure);
    if (delayMs === undefined) return this.#continuation.reject(failure);
    events.onRetry?.(name.operation, name.service);
    pause(delayMs, signal).then(
      () => this.start(),
      (reason: unknown) => this.#continuation.reject(reason),
    );
  }

  #leave(outcome: CallOutcome): void {
    this.#hasPlace = false;
    this.#parts.bulkhead.leave(this.#share);
    this.#report(outcome);
  }

  /** Ends the call with what a step has thrown: a defect, or the error of a listener. */
  #abandon(error: unknown): void {
    if (this.#hasPlace) this.#parts.bulkhead.leave(this.#share);
    this.#continuation.reject(error);
  }

  #circuitOpen(): UpstreamError {
    const retryAfterMs = Math.ceil(this.#tenant.breaker.retryAfterMs());
    return new UpstreamError(
      { kind: 'unavailable', reason: 'circuit_open', retryAfterMs, isUnsent: true },
      this.#parts.name,
    );
  }

  /** Returns the delay before the next attempt, in milliseconds; undefined where there is none. */
  #planRetry(error: unknown): number | undefined {
    const { idempotent, now, random, events, name } = this.#parts;
    const { breaker, retryBudget } = this.#tenant;
    if (!(error instanceof UpstreamError) || this.#number >= maxAttempts || !breaker.allows()) {
      return undefined;
    }
    if (!idempotent && !isUnsent(error)) return undefined;
    // All callers may have left before the attempt failed.
    if (this.#context.signal.aborted) return undefined;
    // A stale connection is no failure of the upstream: retried at once on another one, outside the budget.
    if (this.#number === 1 && isStaleConnection(error)) return 0;
    const delayMs = retryDelayMs(error.failure, this.#number, random);
    if (delayMs === undefined || now() + delayMs >= this.#context.deadlineAtMs) return undefined;
    if (retryBudget.withdraw()) return delayMs;
    events.onRetryDenied?.(name.operation, name.service);
    return undefined;
  }
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
