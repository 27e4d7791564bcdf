import type { Admitting } from '../http/exchange.ts';
import type { Line } from './line.ts';

export interface AdmissionOptions {
  /** Where requests wait that have arrived. */
  readonly line: Line;
  /** Where those wait that were taken up, and have what they waited for. */
  readonly resumptions: Line;
  /** Whether the process has no time to spare. */
  readonly isBusy: () => boolean;
  /** The most requests in flight, those that wait included. */
  readonly maxConcurrentRequests: number;
  /** How long a request may have to wait in line, in milliseconds; 0 does not look at it at all. */
  readonly maxEventLoopDelayMs: number;
  /** How long the line must be besides: a short one that waits is a starved processor, and no overload. @default 100 */
  readonly minimumLine?: number;
  /** The share of its waiting line at Bluejay, from 0 to 1, that a caller may have filled. @default 0.25 */
  readonly maxBacklog?: number;
  /** The same for requests with several reads, whether the process is busy or not. @default 0.5 */
  readonly maxBacklogOfBatches?: number;
  /** How long after a refusal the gateway still counts as overloaded. @default 2000 */
  readonly calmMs?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** Decides which requests there is room and time for. */
export interface Admission extends Admitting {
  /**
   * Whether there is room and time for a request that begins to arrive.
   *
   * @param backlog how much of the waiting line at Bluejay the caller has filled, from 0 to 1
   */
  allows(backlog: number): boolean;
  /**
   * Whether there is room for a request with several reads, once it is known to be one.
   *
   * @param backlog as `allows` has it
   */
  allowsBatch(backlog: number): boolean;
  /** Whether a request was refused a moment ago that nobody's request had time or a place for. */
  isOverloaded(): boolean;
}

/**
 * What a process has no time for stands in line. Once it is so long that another would wait too long, further requests
 * are refused, which costs little: so what is answered is answered soon, and no time is spent on answers that nobody
 * waits for any more.
 *
 * What is taken up may be more than there is time for, too, where it reads much: then the line of reads that wait
 * grows while the process is busy, until all requests wait for each other and none is answered in full. So a caller
 * with a long line has to wait with new requests. While the process has time, a long line is Bluejay's doing: then
 * what is cached is still answered, and a single read finds out for itself whether there is a place. Requests with
 * several reads are refused before the line is full: else each would find places for some of them, and miss a part.
 *
 * A place is taken only by what has arrived in full: otherwise a few requests without a body would take them all.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { line, resumptions, isBusy, maxConcurrentRequests, maxEventLoopDelayMs, now } = options;
  const { minimumLine = 100, maxBacklog = 0.25, maxBacklogOfBatches = 0.5 } = options;
  const { calmMs = 2_000 } = options;
  let inFlight = 0;
  let refusedAt = Number.NEGATIVE_INFINITY;

  function isLate(): boolean {
    return (
      maxEventLoopDelayMs > 0 && line.length >= minimumLine && line.expectedWaitMs() > maxEventLoopDelayMs
    );
  }

  /** Remembers when a condition that all requests depend on was last not met. @returns the condition */
  function note(holds: boolean): boolean {
    if (!holds) refusedAt = now();
    return holds;
  }

  const hasPlace = () => note(inFlight < maxConcurrentRequests);

  return {
    allows(backlog) {
      // One caller's reads are no reason to send all others to another replica.
      if (isBusy() && backlog > maxBacklog) return false;
      return note(!isLate()) && hasPlace();
    },
    enter() {
      if (!hasPlace()) return false;
      inFlight += 1;
      return true;
    },
    leave() {
      inFlight -= 1;
    },
    allowsBatch: (backlog) => backlog <= maxBacklogOfBatches,
    turn: () => line.join(),
    resume: () => resumptions.join(),
    isOverloaded: () => now() - refusedAt < calmMs,
  };
}
