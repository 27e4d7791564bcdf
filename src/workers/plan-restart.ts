/** A worker that has run for this long counts as started. */
const stableMs = 60_000;
const firstDelayMs = 250;
const maxDelayMs = 30_000;

export interface Restart {
  /** How many workers in a row ended before `stableMs`. */
  readonly failures: number;
  readonly delayMs: number;
}

/**
 * Plans the replacement of a worker that has ended: at once after `stableMs`, else after a delay that doubles.
 *
 * @param failures how many workers in a row ended early before it
 * @param upMs how long the worker ran, in milliseconds
 */
export function planRestart(failures: number, upMs: number): Restart {
  if (upMs >= stableMs) return { failures: 0, delayMs: 0 };
  return { failures: failures + 1, delayMs: Math.min(maxDelayMs, firstDelayMs * 2 ** failures) };
}
