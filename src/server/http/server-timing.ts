import type { RequestStatistics } from './statistics.ts';

/** The request header that asks for `Server-Timing`, with the value `1`. */
export const serverTimingRequestHeader = 'x-server-timing';

/**
 * Returns the `Server-Timing` of an answer (W3C Server Timing): the total time, the time with an upstream call in flight,
 * and the results of the cache.
 *
 * @param totalMs since the request's arrival, in milliseconds
 */
export function serverTimingOf(
  totalMs: number,
  { upstreamMs, upstreamCalls, cache }: RequestStatistics,
): string {
  const counts = Object.entries(cache).map(([result, count]) => `${result} ${count}`);
  return [
    `total;dur=${round(totalMs)}`,
    `upstream;dur=${round(upstreamMs)};desc="calls ${upstreamCalls}"`,
    `cache;desc="${counts.length === 0 ? 'unused' : counts.join(', ')}"`,
  ].join(', ');
}

function round(milliseconds: number): string {
  return milliseconds.toFixed(1);
}
