import { createSlidingWindow } from './sliding-window.ts';

export interface RetryBudgetOptions {
  /** Retries as a share of the recent calls. @default 0.2 */
  readonly share?: number;
  /** Retries that are always allowed in a window, for times of little traffic. @default 10 */
  readonly floor?: number;
  /** What counts as recent. @default 10000 */
  readonly windowMs?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** Keeps retries from multiplying the load on an upstream that fails anyway. */
export interface RetryBudget {
  /** Counts a call that is not a retry. */
  deposit(): void;
  /** Whether one more retry is allowed; if so it is counted. */
  withdraw(): boolean;
  /** How many retries are left. */
  remaining(): number;
}

export function createRetryBudget(options: RetryBudgetOptions): RetryBudget {
  const { share = 0.2, floor = 10, windowMs = 10_000, now } = options;
  const window = createSlidingWindow(windowMs, now);

  function remaining(): number {
    const { first: calls, second: retries } = window.totals();
    return Math.max(0, Math.floor(floor + calls * share - retries));
  }

  return {
    deposit: () => window.add(1, 0),
    withdraw() {
      if (remaining() < 1) return false;
      window.add(0, 1);
      return true;
    },
    remaining,
  };
}
