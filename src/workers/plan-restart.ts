/** A worker that has been up this long has not failed to start. */
const stableMs = 60_000;
const firstDelayMs = 250;
const maxDelayMs = 30_000;

export interface Restart {
  /** How many workers in a row have not stayed up. */
  readonly failures: number;
  readonly delayMs: number;
}

/**
 * When to replace a worker that has ended: at once if it had stayed up, else after a pause that doubles.
 *
 * @param failures those before it, in a row
 */
export function planRestart(failures: number, upMs: number): Restart {
  if (upMs >= stableMs) return { failures: 0, delayMs: 0 };
  return { failures: failures + 1, delayMs: Math.min(maxDelayMs, firstDelayMs * 2 ** failures) };
}
