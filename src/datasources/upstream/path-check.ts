import { pass } from '../../shared/continuation.ts';
import { UpstreamError } from './errors.ts';
import type { CallName } from './errors.ts';
import { createCoalescer } from './resilience/coalesce.ts';
import type { CallContext } from './resilience/coalesce.ts';

/** How long the answers `present` and `missing` are used, in milliseconds. */
const presentForMs = 300_000;
const missingForMs = 10_000;
/** How long `present` is used where an entry would be evicted, in milliseconds. */
const doubtfulAfterMs = 10_000;
/** The deadline of a check in the background, in milliseconds. */
const backgroundTimeoutMs = 10_000;

/**
 * Whether the service has the path. `refused`: it does not accept the API key, so the answer is unknown. The caller
 * that asked assumes `present`; other callers ask again.
 */
export type Presence = 'present' | 'missing' | 'refused';

/** Asks the service for the path, with one API key. */
type Ask = (context: CallContext) => Promise<Presence>;

/**
 * Distinguishes a missing thing from a missing path where the service answers both alike. Without it a base URL with a
 * wrong path would make everything silently absent.
 */
export interface PathCheck {
  /** Records that the path is present: only the path itself gives such an answer. */
  confirm(): void;
  /**
   * Requires the path to be present. Asks the service where the answer is unknown, and again `missingForMs` after the
   * path was missing. An old `present` is used, and refreshed in the background.
   *
   * @param tenant the fingerprint of the caller's key: callers with one key share a question
   * @param isKnown whether the missing thing is in the cache: its entry would be evicted, so `present` must be recent
   * @param ask sends the question
   * @returns undefined where the path is known to be present, else a promise that resolves once it is
   * @throws {UpstreamError} `unexpected_status` with `unknown_path`; rejects with what the question throws
   */
  require(tenant: string, isKnown: boolean, context: CallContext, ask: Ask): Promise<void> | undefined;
}

export interface PathCheckOptions extends CallName {
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** Creates the check of one endpoint's path. */
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
    const presence = await questions.run(tenant, context, (shared) => pass(askThrough(shared, ask), shared));
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
        // A failure is ignored: the question is repeated after `presentForMs`.
        const background = { deadlineAtMs: now() + backgroundTimeoutMs };
        questions.run(tenant, background, (shared) => pass(askThrough(shared, ask), shared)).catch(() => {});
      }
      return undefined;
    },
  };
}
