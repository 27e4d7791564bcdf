/**
 * How long a `Retry-After` header asks to wait (RFC 9110, section 10.2.3: seconds or an HTTP date).
 *
 * @param now the present, in milliseconds since the epoch
 * @returns milliseconds from now, never negative; undefined without a usable header
 */
export function parseRetryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const value = typeof header === 'string' ? header.trim() : '';
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // An HTTP date starts with the day's name; Date.parse alone would take "-1" or "2" for a date.
  if (!/^[A-Z][a-z]{2}/.test(value)) return undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
