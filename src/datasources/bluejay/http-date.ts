/** IMF-fixdate, and the obsolete forms of RFC 850 and asctime, which recipients have to accept. */
const forms =
  /^(?:[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT|[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d [\d:]{8} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4})$/;

/**
 * Parses an HTTP-date (RFC 9110, section 5.6.7).
 *
 * @returns milliseconds since the epoch; undefined for anything else. `Date.parse` alone takes `0`, `9999`
 * and the 31st of February for dates.
 */
export function parseHttpDate(value: string): number | undefined {
  if (!forms.test(value)) return undefined;
  // asctime names no zone, and means UTC.
  const date = new Date(value.endsWith(' GMT') ? value : `${value} GMT`);
  const day = Number(/\d+/.exec(value)?.[0]);
  return date.getUTCDate() === day ? date.getTime() : undefined;
}
