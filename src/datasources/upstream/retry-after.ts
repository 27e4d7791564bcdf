import { parseHttpDate } from './http-date.ts';

/** The longest wait that is returned: a day. */
const maxMs = 86_400_000;

/**
 * How long a `Retry-After` header asks to wait (RFC 9110, section 10.2.3: seconds or an HTTP date).
 *
 * @param now the present, in milliseconds since the epoch
 * @returns milliseconds from now, from 0 to a day; undefined without a usable header
 */
export function parseRetryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const value = typeof header === 'string' ? header.trim() : '';
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value) * 1000, maxMs);
  const date = parseHttpDate(value, now);
  return date === undefined ? undefined : Math.min(Math.max(0, date - now), maxMs);
}
