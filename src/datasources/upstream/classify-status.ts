import type { Failure } from './errors.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { TransportResponse } from './transport/messages.ts';

/**
 * Classifies a response by its status, for any service.
 *
 * @param now the present, in milliseconds since the epoch
 */
export function classifyStatus({ status, headers }: TransportResponse, now: number): Failure {
  if (status === 304) return { kind: 'invalid_response', reason: 'not_modified' };
  if (status >= 300 && status < 400) return { kind: 'invalid_response', reason: 'redirect' };
  if (isUnavailable(status)) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], now);
    return { kind: 'unavailable', reason: `http_${status}`, retryAfterMs };
  }
  switch (status) {
    case 401:
      return { kind: 'unauthenticated', reason: 'refused_key' };
    case 403:
      return { kind: 'forbidden' };
    case 429:
      return { kind: 'rate_limited', retryAfterMs: parseRetryAfter(headers['retry-after'], now) };
    default:
      return { kind: 'unexpected_status', status };
  }
}

/**
 * Whether a status means that the request did not reach the application, or that its answer did not come back: a
 * proxy's refusal (407), a request that did not arrive in time (408), a gateway's 502 to 504, and Cloudflare's own.
 *
 * @see https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
 */
function isUnavailable(status: number): boolean {
  return (
    status === 407 ||
    status === 408 ||
    (status >= 502 && status <= 504) ||
    (status >= 520 && status <= 527) ||
    status === 530
  );
}
