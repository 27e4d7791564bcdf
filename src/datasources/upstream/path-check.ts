import { UpstreamError } from './errors.ts';
import type { CallName } from './errors.ts';
import { createCoalescer } from './resilience/coalesce.ts';
import type { CallContext } from './resilience/coalesce.ts';

/** How long an answer holds that the path is there, and how long one that it is not, in milliseconds. */
const presentForMs = 300_000;
const missingForMs = 10_000;
/** How long an answer that the path is there holds against what was there before, in milliseconds. */
const doubtfulAfterMs = 10_000;
/** The deadline of a question that nobody waits for. */
const backgroundTimeoutMs = 10_000;

/**
 * What the service says of its path. `refused`: nothing, as it does not accept the API key. Whoever asked takes that for
 * `present`; it says nothing to others.
 */
export type Presence = 'present' | 'missing' | 'refused';

/** Asks the service about its path, on behalf of one API key. */
type Ask = (context: CallContext) => Promise<Presence>;

/**
 * Tells a missing thing from a missing path where the service says the same of both: a base URL with a wrong path would
 * otherwise make everything silently absent.
 */
export interface PathCheck {
  /** Records an answer that only the path itself gives. */
  confirm(): void;
  /**
   * Asks only a caller that cannot do without: for the first time, and again a while after the path was missing. An
   * older "it is there" is used while it is asked for anew.
   *
   * @param tenant of the caller: callers with one key share a question
   * @param isKnown whether the missing thing was there before: then an older "it is there" is not enough, as its entry
   *   would be evicted for nothing
   * @param ask sends the question
   * @returns undefined where it is known that the path is there, else resolves once it is
   * @throws {UpstreamError} `unexpected_status` with `unknown_path`; what the question throws, by the promise
   */
  require(tenant: string, isKnown: boolean, context: CallContext, ask: Ask): Promise<void> | undefined;
}

export interface PathCheckOptions extends CallName {
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

export function createPathCheck({ service, operation, title, now }: PathCheckOptions): PathCheck {
  const questions = createCoalescer<Presence>();
  let verdict: 'unknown' | 'present' | 'missing' = 'unknown';
  let askedAtMs = Number.NEGATIVE_INFINITY;

  async function askThrough(context: CallContext, ask: Ask): Promise<Presence> {
    const presence = await ask(context);
    if (presence === 'refused') return presence;
    verdict = presence;
    askedAtMs = now();
    return presence;
  }

  async function requireAnswer(tenant: string, context: CallContext, ask: Ask): Promise<void> {
    const presence = await questions.run(tenant, context, (shared) => askThrough(shared, ask));
    if (presence === 'missing') throw unknownPath();
  }

  function unknownPath(): UpstreamError {
    return new UpstreamError(
      { kind: 'unexpected_status', status: 404, reason: 'unknown_path' },
      { service, operation, title, status: 404 },
    );
  }

  return {
    confirm() {
      verdict = 'present';
    },
    require(tenant, isKnown, context, ask) {
      const ageMs = now() - askedAtMs;
      if (verdict === 'missing' && ageMs < missingForMs) throw unknownPath();
      const isDoubtful = isKnown && ageMs >= doubtfulAfterMs;
      if (verdict !== 'present' || isDoubtful) return requireAnswer(tenant, context, ask);
      if (ageMs >= presentForMs) {
        askedAtMs = now();
        // It fails for nobody, and is asked again after a while.
        const background = { deadlineAtMs: now() + backgroundTimeoutMs };
        questions.run(tenant, background, (shared) => askThrough(shared, ask)).catch(() => {});
      }
      return undefined;
    },
  };
}
