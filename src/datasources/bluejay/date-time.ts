/** Matches the forms that Pydantic writes of an instant in UTC, except the leap day: they need no conversion. */
const common =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]00:00)?$/;

/**
 * ISO 8601 with a calendar date and a time of day, in the extended or the basic format. `T` may be a space (RFC 3339,
 * section 5.6), letters may be lower case, the fraction may follow a comma, the seconds may be missing, and an offset may
 * be as short as its hours or, as Python writes it, have seconds.
 */
const pattern =
  /^(\d{4})(-?)(\d\d)\2(\d\d)[Tt ](\d\d)(:?)(\d\d)(?:\6(\d\d)(?:[.,](\d+))?)?(?: ?(?:[Zz]|([+\-\u2212])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?))?$/;

/** RFC 3339 allows any number of digits; clients read at most nanoseconds. */
const maxFractionDigits = 9;

/**
 * Converts an ISO 8601 date-time to RFC 3339 in UTC. The fraction of a second keeps its digits, up to
 * nine. Without an offset the time is UTC, as Pydantic means it. A leap second becomes the second after it.
 *
 * @returns undefined for anything else: a date alone, a day that does not exist, a year outside 0000 to 9999
 */
export function normaliseDateTime(value: string): string | undefined {
  if (common.test(value)) return inUtc(value);
  const match = pattern.exec(value);
  if (match === null) return undefined;
  const [, year, , month, day, hour, , minute, second = '00', fraction = ''] = match;
  if (!isDate(Number(year), Number(month), Number(day))) return undefined;
  const localSeconds = secondsOfDay(Number(hour), Number(minute), Number(second), fraction);
  const offsetSeconds = readOffset(match[10], match[11], match[12], match[13]);
  if (localSeconds === undefined || offsetSeconds === undefined) return undefined;
  const midnight = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  const instant = new Date(midnight + (localSeconds - offsetSeconds) * 1_000).toISOString();
  // Outside the four-digit years toISOString returns an expanded form that is not RFC 3339.
  if (instant.length !== 24) return undefined;
  if (second === '60' && !instant.includes('T00:00:00')) return undefined;
  const digits = fraction.slice(0, maxFractionDigits);
  return `${instant.slice(0, 19)}${digits === '' ? '' : `.${digits}`}Z`;
}

/** @param value in a common form: without an offset it ends with its seconds, or with their fraction */
function inUtc(value: string): string {
  if (value.endsWith('Z')) return value;
  const hasOffset = value.length > 19 && value.at(-3) === ':';
  return `${hasOffset ? value.slice(0, -6) : value}Z`;
}

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  if (day <= 28) return true;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return day <= (month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);
}

/** Seconds since midnight. `24:00:00` is the midnight after; `:60` can only be a leap second. */
function secondsOfDay(hour: number, minute: number, second: number, fraction: string): number | undefined {
  const isEndOfDay = hour === 24 && minute === 0 && second === 0 && /^0*$/.test(fraction);
  if ((hour > 23 && !isEndOfDay) || minute > 59 || second > 60) return undefined;
  return hour * 3_600 + minute * 60 + second;
}

/** @returns 0 without an offset */
function readOffset(sign = '+', hours = '0', minutes = '0', seconds = '0'): number | undefined {
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const offset = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  return sign === '+' ? offset : -offset;
}
