import { Queue } from './queue.ts';
import type { Entry } from './queue.ts';

interface Timeout {
  /** On the clock of `performance.now()`. */
  readonly dueAtMs: number;
  readonly onTimeout: () => void;
}

/** A timeout that was started; `cancel` takes it. */
export type StartedTimeout = Entry<Timeout>;

/**
 * Timeouts that all take equally long, so that they end in the order in which they began, and one timer serves
 * them all. Nearly every one is cancelled: that costs next to nothing, where Node.js takes its timers out of a
 * list for each duration and makes and drops the list as it empties, which costs more than the rest of what a
 * request does with time. They keep no process alive.
 */
export class Timeouts {
  readonly #durationMs: number;
  readonly #queue = new Queue<Timeout>();
  #isArmed = false;

  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  start(onTimeout: () => void): StartedTimeout {
    if (!this.#isArmed) this.#arm(this.#durationMs);
    return this.#queue.add({ dueAtMs: performance.now() + this.#durationMs, onTimeout });
  }

  /** Does nothing for one that is over. */
  cancel(timeout: StartedTimeout): void {
    this.#queue.delete(timeout);
  }

  #arm(delayMs: number): void {
    this.#isArmed = true;
    // Only when what has arrived meanwhile was read: in a process that was held up, answers wait that are in time.
    setTimeout(() => setImmediate(() => this.#endDue()), delayMs).unref();
  }

  #endDue(): void {
    this.#isArmed = false;
    for (let entry = this.#queue.first; entry !== undefined; entry = this.#queue.first) {
      const leftMs = entry.item.dueAtMs - performance.now();
      if (leftMs > 0) return this.#arm(leftMs);
      this.#queue.delete(entry);
      entry.item.onTimeout();
    }
  }
}
