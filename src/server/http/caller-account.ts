import { Queue } from '../../shared/queue.ts';
import type { Entry } from '../../shared/queue.ts';

/** A request that waits for its turn. */
export interface WaitingRequest {
  /** When it began to wait, on the clock of `performance.now()`. */
  readonly sinceMs: number;
  /** @param isAdmitted false where it waited too long */
  readonly settle: (isAdmitted: boolean) => void;
}

/** What one caller has under way. Whoever shares capacity between callers shares by these. */
export interface CallerAccount {
  readonly caller: string;
  /** The reads that its executed operations can cause. */
  reads: number;
  /** The bytes that the process holds for it. */
  bytes: number;
  readonly waiting: Queue<WaitingRequest>;
  /** Its place among the callers that wait. */
  place: Entry<CallerAccount> | undefined;
  /** Since when some of its requests wait, on the clock of `performance.now()`. */
  waitingSinceMs: number;
  /** Whether its queue has been long, and never empty, for too long to be a burst. */
  isStanding: boolean;
  /** How many of its requests were started in this window and in the one before. */
  started: number;
  startedBefore: number;
  /** When one of its requests was last refused for want of time. */
  refusedAtMs: number;
}

export function createCallerAccount(caller: string): CallerAccount {
  return {
    caller,
    reads: 0,
    bytes: 0,
    waiting: new Queue(),
    place: undefined,
    waitingSinceMs: 0,
    isStanding: false,
    started: 0,
    startedBefore: 0,
    refusedAtMs: Number.NEGATIVE_INFINITY,
  };
}
