/** IMF-fixdate, and the two obsolete forms that a recipient must accept too. */
const httpDate = new RegExp(
  [
    String.raw`[A-Z][a-z]{2}, (?<day>\d{1,2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT`,
    String.raw`[A-Z][a-z]{5,8}, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT`,
    String.raw`[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})`,
  ]
    .map((form) => `^${form}$`)
    .join('|'),
);

/**
 * Reads an HTTP date (RFC 9110, section 5.6.7) in any of its three forms. All of them are UTC; `Date.parse` takes
 * asctime's for local time.
 *
 * @param now the present, in milliseconds since the epoch: it decides on the century of a year of two digits.
 *   @default Date.now()
 * @returns milliseconds since the epoch; undefined for anything else
 */
export function parseHttpDate(text: string, now: number = Date.now()): number | undefined {
  const { day = '', month = '', year = '', time = '' } = httpDate.exec(text)?.groups ?? {};
  const date = Date.parse(`${day} ${month} ${fullYear(year, now)} ${time} GMT`);
  // Date.parse counts a 31 February on into March.
  return new Date(date).getUTCDate() === Number(day) ? date : undefined;
}

/** A year of two digits is at most 50 years ahead. */
function fullYear(year: string, now: number): number {
  if (year.length !== 2) return Number(year);
  const thisYear = new Date(now).getUTCFullYear();
  const sameCentury = thisYear - (thisYear % 100) + Number(year);
  return sameCentury > thisYear + 50 ? sameCentury - 100 : sameCentury;
}
