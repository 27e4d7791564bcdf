export interface AdmissionOptions {
  /** The most requests in flight. */
  readonly maxConcurrentRequests: number;
  /** How long the event loop may take up requests without a pause, in milliseconds; 0 does not look at it at all. */
  readonly maxEventLoopDelayMs: number;
  /** How many requests a turn takes up however long it takes: a starved processor is no overload. @default 100 */
  readonly minimumPerTurn?: number;
  /** The share of its waiting line at Bluejay, from 0 to 1, that a caller may have filled. @default 0.25 */
  readonly maxBacklog?: number;
  /** How long after a refusal the gateway still counts as overloaded. @default 2000 */
  readonly calmMs?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** Decides which requests there is room and time for. */
export interface Admission {
  /**
   * Whether there is room and time for a request that begins to arrive.
   *
   * @param backlog how much of the waiting line at Bluejay the caller has filled, from 0 to 1
   */
  allows(backlog: number): boolean;
  /** Takes a place for a request that has arrived, which `leave` gives back; false where there is none. */
  enter(): boolean;
  leave(): void;
  /**
   * To be called when the event loop gets round to its timers: it has caught up.
   *
   * @param utilization how much of the time since the last turn it was busy, from 0 to 1
   */
  onTurn(utilization: number): void;
  /** Whether a request was refused a moment ago. */
  isOverloaded(): boolean;
}

/** An event loop with less to do has time for whatever Bluejay answers. */
const busyFrom = 0.9;

/**
 * Requests that a busy process has no time for wait in their sockets, where nobody counts them, and one turn of
 * the event loop goes on as long as more of them come: for seconds. So each turn takes up requests for so long
 * only, and refuses the others, which costs little. What is answered is answered soon, and no time is spent on
 * answers that nobody waits for any more. A pause before the turn, as of a garbage collection, does not count.
 *
 * What is taken up may be more than there is time for, too, where it reads much: then the line of reads that wait
 * grows while the process is busy, until all requests wait for each other and none is answered in full. So a caller
 * with a long line has to wait with new requests. While the process has time, a long line is Bluejay's doing: then
 * what is cached is still answered, and each read finds out for itself whether there is a place.
 *
 * A place is taken only by what has arrived in full: otherwise a few requests without a body would take them all.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { maxConcurrentRequests, maxEventLoopDelayMs, now } = options;
  const { minimumPerTurn = 100, maxBacklog = 0.25, calmMs = 2_000 } = options;
  const budgetMs = maxEventLoopDelayMs === 0 ? Number.POSITIVE_INFINITY : maxEventLoopDelayMs;
  let inFlight = 0;
  /** When the first request of this turn came; undefined before. */
  let turnStartedAt: number | undefined;
  let takenUp = 0;
  let isBusy = false;
  let refusedAt = Number.NEGATIVE_INFINITY;

  function hasPlace(at: number): boolean {
    if (inFlight < maxConcurrentRequests) return true;
    refusedAt = at;
    return false;
  }

  return {
    allows(backlog) {
      const at = now();
      turnStartedAt ??= at;
      const isLate = takenUp >= minimumPerTurn && at - turnStartedAt > budgetMs;
      if (isLate || (isBusy && backlog > maxBacklog)) {
        refusedAt = at;
        return false;
      }
      if (!hasPlace(at)) return false;
      takenUp += 1;
      return true;
    },
    enter() {
      if (!hasPlace(now())) return false;
      inFlight += 1;
      return true;
    },
    leave() {
      inFlight -= 1;
    },
    onTurn(utilization) {
      isBusy = maxEventLoopDelayMs > 0 && utilization >= busyFrom;
      turnStartedAt = undefined;
      takenUp = 0;
    },
    isOverloaded: () => now() - refusedAt < calmMs,
  };
}
