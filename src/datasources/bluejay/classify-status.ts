import { decodeValidationError } from './decode-validation-error.ts';
import type { Failure } from './errors.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { TransportResponse } from './transport.ts';

/**
 * The failure that a status other than 200 stands for. What a 404 means depends on the call, so callers
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
  if (status >= 300 && status < 400) return { kind: 'invalid_response', reason: 'redirect' };
  switch (status) {
    case 401:
      return { kind: 'unauthenticated', reason: 'refused_key' };
    case 403:
      return { kind: 'forbidden' };
    case 422:
      return classifyValidationError(response.body, argumentNames, apiKey);
    case 429:
      return { kind: 'rate_limited', retryAfterMs: parseRetryAfter(headers['retry-after'], now) };
    case 502:
    case 503:
    case 504:
      return {
        kind: 'unavailable',
        reason: `http_${status}`,
        retryAfterMs: parseRetryAfter(headers['retry-after'], now),
      };
    default:
      return { kind: 'unexpected_status', status };
  }
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
