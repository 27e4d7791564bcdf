import type { Config } from './index.ts';

/** The time to answer in for requests whose deadline has just passed. */
export const answerMs = 1_000;
/** The longest that the delivery of the last traces may take. */
export const lastTracesMs = 2_000;
/** The time to close what is left: connections to the upstream and to the shared cache, the metrics' port. */
const closeMs = 1_000;

/** The longest that a process takes to stop, in milliseconds; after it, it is ended as it is. */
export function stopTimeoutMs({
  drainDelayMs,
  requestTimeoutMs,
}: Pick<Config, 'drainDelayMs' | 'requestTimeoutMs'>): number {
  return drainDelayMs + requestTimeoutMs + answerMs + lastTracesMs + closeMs;
}
