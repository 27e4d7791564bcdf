import { Queue } from './queue.ts';
import type { Entry } from './queue.ts';

interface Timeout {
  /** On the clock of `performance.now()`. */
  readonly dueAtMs: number;
  readonly onTimeout: () => void;
}

/** A started timeout, for `cancel`. */
export type StartedTimeout = Entry<Timeout>;

/**
 * Timeouts of one duration, which end in the order in which they start, so that one timer serves them all. Nearly every
 * timeout is cancelled, which is cheap here: Node.js creates and drops a list for each duration as its timers come and
 * go. Timeouts do not keep the process alive.
 */
export class Timeouts {
  readonly #durationMs: number;
  readonly #queue = new Queue<Timeout>();
  #isArmed = false;

  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  /** Starts a timeout. */
  start(onTimeout: () => void): StartedTimeout {
    if (!this.#isArmed) this.#arm(this.#durationMs);
    return this.#queue.add({ dueAtMs: performance.now() + this.#durationMs, onTimeout });
  }

  /** Cancels a timeout. Does nothing for one that has ended. */
  cancel(timeout: StartedTimeout): void {
    this.#queue.delete(timeout);
  }

  #arm(delayMs: number): void {
    this.#isArmed = true;
    // After the reads of this turn: in a process that was blocked, answers that arrived in time are still unread.
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
