import { decodeValidationError } from './decode-validation-error.ts';
import type { Failure } from '../upstream/errors.ts';
import { parseRetryAfter } from '../upstream/retry-after.ts';
import type { TransportResponse } from '../upstream/transport/transport.ts';

/**
 * The failure that a status other than a success stands for. What a 404 means depends on the call, so callers
 * that read take it for an absent persona before they come here.
 *
 * @param argumentNames the gateway's argument names by Bluejay's parameter names
 * @param apiKey what was sent, and is in no failure
 * @param now the present, in milliseconds since the epoch
 */
export function classifyStatus(
  response: TransportResponse,
  argumentNames: ReadonlyMap<string, string>,
  apiKey: string,
  now: number,
): Failure {
  const { status, headers } = response;
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
    case 422:
      return classifyValidationError(response.body, argumentNames, apiKey);
    case 429:
      return { kind: 'rate_limited', retryAfterMs: parseRetryAfter(headers['retry-after'], now) };
    default:
      return { kind: 'unexpected_status', status };
  }
}

/**
 * Whether a status says that the request has not got to the application, or no answer back: a proxy's refusal (407),
 * a request that the server gave up waiting for (408), a gateway's 502 to 504, and Cloudflare's own.
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

function classifyValidationError(
  body: string,
  argumentNames: ReadonlyMap<string, string>,
  apiKey: string,
): Failure {
  const decoded = decodeValidationError(body, argumentNames, apiKey);
  if (!decoded.ok) return { kind: 'invalid_response', reason: decoded.reason };
  const { header, fieldErrors } = decoded.value;
  return header ? { kind: 'unauthenticated', reason: 'refused_key' } : { kind: 'invalid_input', fieldErrors };
}
