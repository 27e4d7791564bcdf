import { LightCancellation } from '../../../shared/cancellation.ts';
import type { CallCancellation, Cancellation } from '../../../shared/cancellation.ts';
import type { Continuation } from '../../../shared/continuation.ts';
import type { CallObserver } from '../attempt.ts';

/** What limits a call, and who observes it. */
export interface CallContext {
  /** Aborted when nobody waits for the call any more. */
  readonly signal: CallCancellation;
  /** The latest deadline of those who still wait. */
  readonly deadlineAtMs: number;
  /** The observer of the first of those who still wait: a caller that has left observes and pays for nothing more. */
  readonly observer: CallObserver | undefined;
}

/** A caller that waits for a call: a request, or another shared call, whose deadline and observer change over time. */
interface Waiter {
  readonly signal?: Cancellation | undefined;
  /** On the clock of `performance.now()`. @default Infinity */
  readonly deadlineAtMs?: number | undefined;
  readonly observer?: CallObserver | undefined;
}

/** A call that is being started: its limits, and what takes its outcome. */
export type StartedCall<Value> = CallContext & Continuation<Value>;

/** Lets callers with the same key share one call while it is in flight. */
export interface Coalescer<Value> {
  /**
   * Joins the call in flight for the key, or starts one. Aborts the call when the last of its callers has left; later
   * callers start a new one.
   *
   * @throws what the call rejects with; to a caller that left, the `leaveError` for its signal's reason
   */
  run(key: string, waiter: Waiter, start: (call: StartedCall<Value>) => void): Promise<Value>;
}

export interface CoalescerOptions {
  /** Called for each caller that joins a call instead of starting one. */
  readonly onCoalesced?: (() => void) | undefined;
  /** Maps the reason of a caller's signal to the error that the caller gets. @default the reason itself */
  readonly leaveError?: (reason: unknown) => unknown;
}

/** Creates a coalescer of its own calls: keys of different coalescers are independent. */
export function createCoalescer<Value>(options: CoalescerOptions = {}): Coalescer<Value> {
  const { onCoalesced, leaveError = (reason) => reason } = options;
  const shared: Shared<Value> = { calls: new Map(), leaveError };
  return {
    run(key, waiter, start) {
      const { signal } = waiter;
      if (signal?.aborted === true) return Promise.reject(leaveError(signal.reason));
      const inFlight = shared.calls.get(key)?.call;
      if (inFlight !== undefined) {
        onCoalesced?.();
        return inFlight.join(waiter);
      }
      const call = new SharedCall(shared, key);
      const joined = call.join(waiter);
      try {
        start(call);
      } catch (error) {
        call.reject(error);
      }
      return joined;
    },
  };
}

/** What the calls of a coalescer share. */
interface Shared<Value> {
  /** The calls in flight, by key. */
  readonly calls: Map<string, Box<Value>>;
  readonly leaveError: (reason: unknown) => unknown;
}

/**
 * Holds a call while it is in flight. V8 keeps the tables that a busy Map has outgrown until the next full
 * collection: these retain empty boxes, and no requests.
 */
interface Box<Value> {
  call: SharedCall<Value> | undefined;
}

/** A call in flight, and those who wait for it. */
class SharedCall<Value> implements StartedCall<Value> {
  readonly #shared: Shared<Value>;
  readonly #key: string;
  readonly #box: Box<Value>;
  // Nearly always one: an array that begins with it takes no room for more.
  #waiting: Waiting<Value>[] | undefined;
  readonly signal = new LightCancellation();

  constructor(shared: Shared<Value>, key: string) {
    this.#shared = shared;
    this.#key = key;
    this.#box = { call: this };
    shared.calls.set(key, this.#box);
  }

  get observer(): CallObserver | undefined {
    return this.#waiting?.[0]?.waiter.observer;
  }

  get deadlineAtMs(): number {
    let latest = 0;
    for (const { waiter } of this.#waiting ?? []) latest = Math.max(latest, waiter.deadlineAtMs ?? Infinity);
    return latest;
  }

  /** Waits for the outcome of the call, or until the waiter's signal is aborted. */
  join(waiter: Waiter): Promise<Value> {
    const waiting = new Waiting(this, waiter);
    if (this.#waiting === undefined) this.#waiting = [waiting];
    else this.#waiting.push(waiting);
    return waiting.outcome.promise;
  }

  /** Lets a waiter go whose signal is aborted. */
  leave(leaving: Waiting<Value>, reason: unknown): void {
    this.#waiting = this.#waiting?.filter((each) => each !== leaving);
    leaving.outcome.reject(this.#shared.leaveError(reason));
    if (this.#waiting?.length !== 0) return;
    this.#end();
    this.signal.abort(reason);
  }

  resolve(value: Value): void {
    for (const { outcome } of this.#end()) outcome.resolve(value);
  }

  reject(error: unknown): void {
    for (const { outcome } of this.#end()) outcome.reject(error);
  }

  /** Ends the call, so that nobody joins it any more. Returns those who wait for its outcome. */
  #end(): readonly Waiting<Value>[] {
    // After an abort the key may be another call's.
    if (this.#box.call !== undefined) {
      this.#box.call = undefined;
      this.#shared.calls.delete(this.#key);
    }
    const ended = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const waiting of ended) waiting.end();
    return ended;
  }
}

/** The wait of one caller. */
class Waiting<Value> {
  readonly waiter: Waiter;
  readonly outcome = Promise.withResolvers<Value>();
  readonly #call: SharedCall<Value>;
  /** A function, because a caller's signal may be of a kind of its own. */
  readonly #onAbort = () => this.#call.leave(this, this.waiter.signal?.reason);

  constructor(call: SharedCall<Value>, waiter: Waiter) {
    this.#call = call;
    this.waiter = waiter;
    waiter.signal?.addEventListener('abort', this.#onAbort);
  }

  /** Stops listening to the caller's signal. */
  end(): void {
    this.waiter.signal?.removeEventListener('abort', this.#onAbort);
  }
}
