import { createSlidingWindow } from './sliding-window.ts';

export interface RetryBudgetOptions {
  /** Retries as a share of the recent calls. @default 0.2 */
  readonly share?: number;
  /** The retries that a window allows whatever the traffic. @default 10 */
  readonly floor?: number;
  /** The length of the window. @default 10000 */
  readonly windowMs?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** Limits retries to a share of the calls, so that they do not multiply the load on a failing upstream. */
export interface RetryBudget {
  /** Records a call that is not a retry. */
  deposit(): void;
  /** Records a retry and returns true, where one more is allowed. */
  withdraw(): boolean;
  /** Returns the number of retries left. */
  remaining(): number;
}

/** Creates a retry budget over a sliding window. */
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
