import { createSlidingWindow } from './sliding-window.ts';

export interface BreakerOptions {
  /** The share of calls, from 0 to 1, that must fail for the breaker to open. @default 0.5 */
  readonly failureRate?: number;
  /** How far back calls are counted. @default 10000 */
  readonly windowMs?: number;
  /** Fewer calls than this in the window never open it. @default 20 */
  readonly minimumCalls?: number;
  /** How long it stays open before it lets probes through. @default 5000 */
  readonly openMs?: number;
  /** How many probes go out at once when it is half open; all must succeed to close it. @default 3 */
  readonly probes?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly onStateChange?: ((state: BreakerState) => void) | undefined;
}

/** How a call went. `ignored`: nothing was learned about the upstream, as when the caller left. */
export type Outcome = 'success' | 'failure' | 'ignored';

/** A call that the breaker has let through; it must be told exactly once how the call went. */
type Report = (outcome: Outcome) => void;

/** `half_open`: a few probes are out to learn whether the upstream is back. */
export type BreakerState = State['kind'];

type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number }
  | { readonly kind: 'half_open'; running: number; succeeded: number };

/** A circuit breaker that opens on a failure rate over a sliding window. */
export interface Breaker {
  readonly state: BreakerState;
  /** Milliseconds until a call may go out again; 0 when one may now, a guess while probes are out. */
  retryAfterMs(): number;
  /** Whether `enter` would let a call through. */
  allows(): boolean;
  /** Lets a call through, or returns undefined: fail at once. */
  enter(): Report | undefined;
}

/** How soon to come back while probes are out: about as long as they take. */
const probeMs = 1_000;

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

  function reportClosed(outcome: Outcome): void {
    // A call that went out before the breaker opened says nothing about the state after.
    if (state.kind !== 'closed' || outcome === 'ignored') return;
    window.add(1, outcome === 'failure' ? 1 : 0);
    if (outcome === 'success') return;
    const { first: calls, second: failures } = window.totals();
    if (calls >= minimumCalls && failures >= calls * failureRate) open();
  }

  function enterHalfOpen(halfOpen: State & { kind: 'half_open' }): Report | undefined {
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
      if (state.kind === 'open') {
        if (now() < state.untilMs) return undefined;
        change({ kind: 'half_open', running: 0, succeeded: 0 });
      }
      return state.kind === 'half_open' ? enterHalfOpen(state) : undefined;
    },
  };
}
