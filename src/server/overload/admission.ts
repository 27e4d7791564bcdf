export interface AdmissionOptions {
  /** The most requests in flight. */
  readonly maxConcurrentRequests: number;
  /** How long the event loop may take up requests without a pause, in milliseconds; 0 does not look. */
  readonly maxEventLoopDelayMs: number;
  /** How many requests a turn takes up however long it takes: a starved processor is no overload. @default 100 */
  readonly minimumPerTurn?: number;
  /** How long after a refusal the gateway still counts as overloaded. @default 2000 */
  readonly calmMs?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** Decides which requests there is room and time for. */
export interface Admission {
  /** Whether there is room and time for a request that begins to arrive. */
  allows(): boolean;
  /** Takes a place for a request that has arrived, which `leave` gives back; false where there is none. */
  enter(): boolean;
  leave(): void;
  /** To be called when the event loop gets round to its timers: it has caught up. */
  onTurn(): void;
  /** Whether a request was refused a moment ago. */
  isOverloaded(): boolean;
}

/**
 * Requests that a busy process has no time for wait in their sockets, where nobody counts them, and one turn of
 * the event loop goes on as long as more of them come: for seconds. So each turn takes up requests for so long
 * only, and refuses the others, which costs little. What is answered is answered soon, and no time is spent on
 * answers that nobody waits for any more. A pause before the turn, as of a garbage collection, does not count.
 *
 * A place is taken only by what has arrived in full: otherwise a few requests without a body would take them all.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { maxConcurrentRequests, maxEventLoopDelayMs, now } = options;
  const { minimumPerTurn = 100, calmMs = 2_000 } = options;
  const budgetMs = maxEventLoopDelayMs === 0 ? Number.POSITIVE_INFINITY : maxEventLoopDelayMs;
  let inFlight = 0;
  /** When the first request of this turn came; undefined before. */
  let turnStartedAt: number | undefined;
  let takenUp = 0;
  let refusedAt = Number.NEGATIVE_INFINITY;

  function hasPlace(at: number): boolean {
    if (inFlight < maxConcurrentRequests) return true;
    refusedAt = at;
    return false;
  }

  return {
    allows() {
      const at = now();
      turnStartedAt ??= at;
      if (takenUp >= minimumPerTurn && at - turnStartedAt > budgetMs) {
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
    onTurn() {
      turnStartedAt = undefined;
      takenUp = 0;
    },
    isOverloaded: () => now() - refusedAt < calmMs,
  };
}
