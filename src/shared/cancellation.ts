/** Called when a cancellation is aborted. An object with `handleEvent` needs no function of its own (DOM, section 2.8). */
export type AbortListener = (() => void) | { handleEvent(): void };

/** The part of an AbortSignal that a call needs; every AbortSignal is one. */
export interface Cancellation {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: AbortListener): void;
  removeEventListener(type: 'abort', listener: AbortListener): void;
}

/**
 * A cancellation without the weak references of an AbortController, which cost a read more than the whole resilience
 * chain (`npm run bench:chain`). Calls its listeners in no particular order.
 */
export class LightCancellation implements Cancellation {
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
