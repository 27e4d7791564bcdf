import { createSlidingWindow } from './sliding-window.ts';

export interface BreakerOptions {
  /** The share of calls, from 0 to 1, that must fail for the breaker to open. @default 0.5 */
  readonly failureRate?: number;
  /** The length of the window in which calls count. @default 10000 */
  readonly windowMs?: number;
  /** Fewer calls than this in the window never open it. @default 20 */
  readonly minimumCalls?: number;
  /** How long it stays open before it allows probes. @default 5000 */
  readonly openMs?: number;
  /** The most probes in flight when it is half open; all must succeed to close it. @default 3 */
  readonly probes?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly onStateChange?: ((state: BreakerState) => void) | undefined;
}

/** How a call ended. `ignored`: it shows nothing about the upstream, as when the caller left. */
export type CallOutcome = 'success' | 'failure' | 'ignored';

/** Records how a call ended that the breaker let through. Must be called exactly once. */
export type Report = (outcome: CallOutcome) => void;

/** `half_open`: a few probes test whether the upstream has recovered. */
export type BreakerState = State['kind'];

type State = { readonly kind: 'closed' } | { readonly kind: 'open'; readonly untilMs: number } | HalfOpen;

interface HalfOpen {
  readonly kind: 'half_open';
  running: number;
  succeeded: number;
}

/** A circuit breaker that opens on a failure rate over a sliding window. */
export interface Breaker {
  readonly state: BreakerState;
  /** Returns the milliseconds until a call is allowed; 0 when one is, an estimate while probes are in flight. */
  retryAfterMs(): number;
  /** Whether `enter` would allow a call. */
  allows(): boolean;
  /** Allows a call, or returns undefined: fail it at once. */
  enter(): Report | undefined;
}

/** The estimate of `retryAfterMs` while probes are in flight. */
const probeMs = 1_000;

/** Creates a closed breaker. */
export function createBreaker(options: BreakerOptions): Breaker {
  const { failureRate = 0.5, windowMs = 10_000, minimumCalls = 20, openMs = 5_000, probes = 3 } = options;
  const { now, onStateChange } = options;
  const window = createSlidingWindow(windowMs, now);
  let state: State = { kind: 'closed' };

  function change(next: State): void {
    state = next;
    onStateChange?.(next.kind);
  }

  function open(): void {
    window.clear();
    change({ kind: 'open', untilMs: now() + openMs });
  }

  function reportClosed(outcome: CallOutcome): void {
    // A call that began before the breaker opened does not count afterwards.
    if (state.kind !== 'closed' || outcome === 'ignored') return;
    window.add(1, outcome === 'failure' ? 1 : 0);
    if (outcome === 'success') return;
    const { first: calls, second: failures } = window.totals();
    if (calls >= minimumCalls && failures >= calls * failureRate) open();
  }

  function enterHalfOpen(halfOpen: HalfOpen): Report | undefined {
    if (halfOpen.running + halfOpen.succeeded >= probes) return undefined;
    halfOpen.running += 1;
    return (outcome) => {
      halfOpen.running -= 1;
      if (state !== halfOpen) return;
      if (outcome === 'failure') open();
      if (outcome !== 'success') return;
      halfOpen.succeeded += 1;
      if (halfOpen.succeeded >= probes) change({ kind: 'closed' });
    };
  }

  return {
    get state() {
      return state.kind;
    },
    retryAfterMs() {
      if (state.kind === 'open') return Math.max(0, state.untilMs - now());
      return state.kind === 'closed' ? 0 : probeMs;
    },
    allows() {
      if (state.kind === 'open') return now() >= state.untilMs;
      return state.kind === 'closed' || state.running + state.succeeded < probes;
    },
    enter() {
      if (state.kind === 'closed') return reportClosed;
      if (state.kind === 'half_open') return enterHalfOpen(state);
      if (now() < state.untilMs) return undefined;
      const halfOpen: HalfOpen = { kind: 'half_open', running: 0, succeeded: 0 };
      change(halfOpen);
      return enterHalfOpen(halfOpen);
    },
  };
}
