import type { UpstreamError, WriteOutcome } from './errors.ts';

/**
 * What became of a write, by the error that it ended with. Only what is certain counts: that no byte went out, or that
 * the service, or something in front of it, has refused the request with a 4xx.
 */
export function writeOutcomeOf({ failure, upstream }: UpstreamError): WriteOutcome {
  switch (failure.kind) {
    case 'unavailable':
    case 'timeout':
      // 407 and 408 are among these: what sent them may have passed the request on.
      return failure.isUnsent === true ? 'not_applied' : 'unknown';
    case 'unexpected_status':
      return isRefusal(failure.status) ? 'not_applied' : 'unknown';
    case 'invalid_response':
      return isRefusal(upstream?.status) ? 'not_applied' : 'unknown';
    default:
      return 'not_applied';
  }
}

/**
 * Whether a write that was not applied may yet have found its resource changed. `not_found` and `conflict` say so
 * themselves: a proxy that sent it twice had the first one applied.
 */
export function mayHaveChanged({ failure }: UpstreamError): boolean {
  return failure.kind === 'not_found' || failure.kind === 'conflict';
}

function isRefusal(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500;
}
