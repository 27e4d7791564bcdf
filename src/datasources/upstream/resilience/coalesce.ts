import { LightCancellation } from '../../../shared/cancellation.ts';
import type { Cancellation } from '../../../shared/cancellation.ts';
import type { CallObserver } from '../attempt.ts';

/** How long a call may go on. */
export interface CallContext {
  /** Aborted when nobody waits for the call any more. */
  readonly signal: Cancellation;
  /** When the last of those who still wait gives up. */
  readonly deadlineAtMs: number;
  /** Of the first of those who still wait: whoever has left is told of nothing more, and pays for nothing more. */
  readonly observer: CallObserver | undefined;
}

/** A caller that waits for a call: a request, or another shared call, whose deadline and observer change as its own callers do. */
interface Waiter {
  readonly signal?: Cancellation | undefined;
  /** On the clock of `performance.now()`. @default Infinity */
  readonly deadlineAtMs?: number | undefined;
  readonly observer?: CallObserver | undefined;
}

/** Lets callers with the same key share one call while it is in flight. */
export interface Coalescer<Value> {
  /**
   * Joins the call in flight for the key, or starts one. The call is aborted when the last of its callers
   * has left, and nobody joins it after that; its outcome is for those who waited and nobody else.
   *
   * @throws what the call throws; to a caller that left, the `leaveError` for its signal's reason
   */
  run(key: string, waiter: Waiter, start: (context: CallContext) => Promise<Value>): Promise<Value>;
}

export interface CoalescerOptions {
  /** Told of each caller that joined a call instead of starting one. */
  readonly onCoalesced?: (() => void) | undefined;
  /** What a caller is told that left, for its signal's reason. @default the reason itself */
  readonly leaveError?: (reason: unknown) => unknown;
}

export function createCoalescer<Value>(options: CoalescerOptions = {}): Coalescer<Value> {
  const { onCoalesced, leaveError = (reason) => reason } = options;
  const calls = new Map<string, Box<Value>>();
  return {
    run(key, waiter, start) {
      if (waiter.signal?.aborted === true) {
        return Promise.reject(leaveError(waiter.signal.reason));
      }
      let call = calls.get(key)?.call;
      if (call === undefined) {
        const box: Box<Value> = { call: undefined };
        call = new SharedCall(() => {
          box.call = undefined;
          calls.delete(key);
        }, leaveError);
        box.call = call;
        calls.set(key, box);
        const joined = call.join(waiter);
        call.settleWith(start(call));
        return joined;
      }
      onCoalesced?.();
      return call.join(waiter);
    },
  };
}

/**
 * Holds a call while it is in flight. V8 keeps the tables that a busy Map has outgrown until the next full
 * collection: what they go on holding are empty boxes, and no requests.
 */
interface Box<Value> {
  call: SharedCall<Value> | undefined;
}

/** A call, and those who wait for it. */
class SharedCall<Value> implements CallContext {
  readonly #end: () => void;
  readonly #leaveError: (reason: unknown) => unknown;
  // Nearly always one: an array that begins with it takes no room for more.
  #waiting: Waiting<Value>[] | undefined;
  readonly signal = new LightCancellation();

  /** @param end called once: from then on nobody may join */
  constructor(end: () => void, leaveError: (reason: unknown) => unknown) {
    this.#end = end;
    this.#leaveError = leaveError;
  }

  get observer(): CallObserver | undefined {
    return this.#waiting?.[0]?.waiter.observer;
  }

  get deadlineAtMs(): number {
    let latest = 0;
    for (const { waiter } of this.#waiting ?? []) latest = Math.max(latest, waiter.deadlineAtMs ?? Infinity);
    return latest;
  }

  join(waiter: Waiter): Promise<Value> {
    const { signal } = waiter;
    return new Promise((resolve, reject) => {
      const waiting: Waiting<Value> = { resolve, reject, waiter, leave: undefined };
      if (this.#waiting === undefined) this.#waiting = [waiting];
      else this.#waiting.push(waiting);
      if (signal === undefined) return;
      // Not assigned where it is written: V8 takes a function that becomes a property for one that lives long.
      const leave = () => {
        this.#waiting = this.#waiting?.filter((each) => each !== waiting);
        reject(this.#leaveError(signal.reason));
        if (this.#waiting?.length !== 0) return;
        this.#end();
        this.signal.abort(signal.reason);
      };
      waiting.leave = leave;
      signal.addEventListener('abort', leave);
    });
  }

  settleWith(result: Promise<Value>): void {
    result.then(
      (value) => this.#settle((waiting) => waiting.resolve(value)),
      (error: unknown) => this.#settle((waiting) => waiting.reject(error)),
    );
  }

  #settle(settle: (waiting: Waiting<Value>) => void): void {
    if (!this.signal.aborted) this.#end();
    for (const waiting of this.#waiting ?? []) {
      if (waiting.leave !== undefined) waiting.waiter.signal?.removeEventListener('abort', waiting.leave);
      settle(waiting);
    }
    this.#waiting = undefined;
  }
}

interface Waiting<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
  readonly waiter: Waiter;
  leave: (() => void) | undefined;
}
