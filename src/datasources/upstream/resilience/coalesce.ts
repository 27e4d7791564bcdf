import { LightCancellation } from '../../../shared/cancellation.ts';
import type { Cancellation } from '../../../shared/cancellation.ts';
import type { CallObserver } from '../attempt.ts';

/** What limits a call, and who observes it. */
export interface CallContext {
  /** Aborted when nobody waits for the call any more. */
  readonly signal: Cancellation;
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

/** Lets callers with the same key share one call while it is in flight. */
export interface Coalescer<Value> {
  /**
   * Joins the call in flight for the key, or starts one. Aborts the call when the last of its callers has left; later
   * callers start a new one.
   *
   * @throws what the call throws; to a caller that left, the `leaveError` for its signal's reason
   */
  run(key: string, waiter: Waiter, start: (context: CallContext) => Promise<Value>): Promise<Value>;
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
  const calls: Calls<Value> = new Map();
  return {
    run(key, waiter, start) {
      const { signal } = waiter;
      if (signal?.aborted === true) return Promise.reject(leaveError(signal.reason));
      const inFlight = calls.get(key)?.call;
      if (inFlight !== undefined) {
        onCoalesced?.();
        return inFlight.join(waiter, leaveError);
      }
      const call = new SharedCall(calls, key);
      const joined = call.join(waiter, leaveError);
      start(call).then(
        (value) => call.fulfil(value),
        (error: unknown) => call.fail(error),
      );
      return joined;
    },
  };
}

/** The calls in flight, by key. */
type Calls<Value> = Map<string, Box<Value>>;

/**
 * Holds a call while it is in flight. V8 keeps the tables that a busy Map has outgrown until the next full
 * collection: these retain empty boxes, and no requests.
 */
interface Box<Value> {
  call: SharedCall<Value> | undefined;
}

/** A call in flight, and those who wait for it. */
class SharedCall<Value> implements CallContext {
  readonly #calls: Calls<Value>;
  readonly #key: string;
  readonly #box: Box<Value>;
  // Nearly always one: an array that begins with it takes no room for more.
  #waiting: Waiting<Value>[] | undefined;
  readonly signal = new LightCancellation();

  constructor(calls: Calls<Value>, key: string) {
    this.#calls = calls;
    this.#key = key;
    this.#box = { call: this };
    calls.set(key, this.#box);
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
  join(waiter: Waiter, leaveError: (reason: unknown) => unknown): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const waiting: Waiting<Value> = { resolve, reject, waiter, leave: undefined };
    if (this.#waiting === undefined) this.#waiting = [waiting];
    else this.#waiting.push(waiting);
    const { signal } = waiter;
    if (signal === undefined) return promise;
    // Not assigned where it is written: V8 expects a function that becomes a property to live long.
    const leave = () => {
      this.#waiting = this.#waiting?.filter((each) => each !== waiting);
      reject(leaveError(signal.reason));
      if (this.#waiting?.length !== 0) return;
      this.#end();
      this.signal.abort(signal.reason);
    };
    waiting.leave = leave;
    signal.addEventListener('abort', leave);
    return promise;
  }

  fulfil(value: Value): void {
    for (const { resolve } of this.#end()) resolve(value);
  }

  fail(error: unknown): void {
    for (const { reject } of this.#end()) reject(error);
  }

  /** Ends the call, so that nobody joins it any more. Returns those who wait for its outcome. */
  #end(): readonly Waiting<Value>[] {
    // After an abort the key may be another call's.
    if (this.#box.call !== undefined) {
      this.#box.call = undefined;
      this.#calls.delete(this.#key);
    }
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const { waiter, leave } of waiting) {
      if (leave !== undefined) waiter.signal?.removeEventListener('abort', leave);
    }
    return waiting;
  }
}

interface Waiting<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
  readonly waiter: Waiter;
  leave: (() => void) | undefined;
}
