import type { Failure } from '../datasources/upstream/errors.ts';
import { problem } from './finding.ts';
import { explainProxyRefusal } from './proxy.ts';
import type { Verdict } from './finding.ts';

/** Explains a failed read to the operator. */
export function explainFailure(failure: Failure, timeoutMs: number): Verdict {
  switch (failure.kind) {
    case 'unauthenticated':
      return problem(
        'Bluejay does not accept the API key.',
        'Check BLUEJAY_API_KEY: is it whole, of the right account, and not revoked?',
      );
    case 'forbidden':
      return problem(
        'Bluejay knows the API key, but does not let it read personas.',
        'Give the key that permission, or set BLUEJAY_API_KEY to one that has it.',
      );
    case 'rate_limited':
      return problem(
        'Bluejay limits the requests of this API key.',
        failure.retryAfterMs === undefined
          ? 'Wait and try again; if it lasts, ask Bluejay for a higher limit.'
          : `Try again in ${Math.ceil(failure.retryAfterMs / 1000)} seconds; if it lasts, ask Bluejay for a higher limit.`,
      );
    case 'timeout':
      return problem(
        `Bluejay does not answer within ${timeoutMs} ms.`,
        'Try again; if it is always that slow, raise BLUEJAY_TIMEOUT_MS, and REQUEST_TIMEOUT_MS with it.',
      );
    case 'unavailable':
      if (failure.reason === 'http_407') return explainProxyRefusal(407);
      return problem(
        `Bluejay cannot be reached, or is down (${failure.reason}).`,
        'Try again; if it lasts, ask Bluejay.',
      );
    case 'unexpected_status':
      return problem(
        `Bluejay answers HTTP ${failure.status}.`,
        failure.status >= 500
          ? 'The fault is on its side. Try again; if it lasts, ask Bluejay.'
          : 'Check BLUEJAY_BASE_URL; a proxy between may answer in its place, or want a client certificate (400).',
      );
    case 'invalid_response':
      return failure.reason === 'redirect'
        ? problem(
            'Bluejay redirects to another address, where the gateway does not follow with the key.',
            'Set BLUEJAY_BASE_URL to that address, if you trust it.',
          )
        : problem(
            `What answers does not speak as Bluejay does (${failure.reason}).`,
            'Check BLUEJAY_BASE_URL; a proxy between may answer in its place.',
          );
    // The doctor makes one call at a time, so its own limits refuse none.
    default:
      return problem(
        'Bluejay refuses a read that should be in order.',
        'Its API may have changed: npm run check:contract in the project says what of it, from its published description.',
      );
  }
}
