import type { Config } from './index.ts';

/** The time to answer requests whose deadline has just passed, in milliseconds. */
export const answerMs = 1_000;
/** The longest that the export of the last traces may take, in milliseconds. */
export const lastTracesMs = 2_000;
/** The time to close the connections to the upstream and the shared cache, and the metrics' port, in milliseconds. */
const closeMs = 1_000;

/** Returns the longest that a process may take to stop, in milliseconds; after it, the process exits. */
export function stopTimeoutMs({
  drainDelayMs,
  requestTimeoutMs,
  upstream,
  writes,
}: Pick<Config, 'drainDelayMs' | 'requestTimeoutMs' | 'upstream' | 'writes'>): number {
  // A write that has just been sent when its request's time is over has an attempt's time to end.
  const lastWritesMs = writes ? upstream.timeoutMs : 0;
  return drainDelayMs + requestTimeoutMs + answerMs + lastWritesMs + lastTracesMs + closeMs;
}
