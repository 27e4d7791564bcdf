/** The part of an AbortSignal that a caller needs; every AbortSignal is one. */
export interface Cancellation {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A function, or an object that needs no function of its own (DOM, section 2.7: `EventListener`). */
export type AbortListener = (() => void) | { handleEvent(): void };

/** A cancellation that also takes objects as listeners, as every AbortSignal does. */
export interface CallCancellation extends Cancellation {
  addEventListener(type: 'abort', listener: AbortListener): void;
  removeEventListener(type: 'abort', listener: AbortListener): void;
}

/**
 * A cancellation without the weak references of an AbortController, which cost a read more than the whole resilience
 * chain (`npm run bench:chain`). Calls its listeners in no particular order.
 */
export class LightCancellation implements CallCancellation {
  // Usually one: an array literal of one takes less memory than an empty array that grows.
  #listeners: AbortListener[] | undefined;
  aborted = false;
  reason: unknown;

  addEventListener(_type: 'abort', listener: AbortListener): void {
    if (this.#listeners === undefined) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: AbortListener): void {
    const listeners = this.#listeners ?? [];
    const index = listeners.indexOf(listener);
    if (index < 0) return;
    const last = listeners.pop();
    if (last !== undefined && last !== listener) listeners[index] = last;
  }

  /** Calls every listener once. Does nothing a second time. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) {
      if (typeof listener === 'function') listener();
      else listener.handleEvent();
    }
  }
}
