const pattern = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(?:(Z)|([+-])(\d{2}):(\d{2}))?$/;

/**
 * Any date-time that Pydantic writes, as RFC 3339 in UTC. The instant is kept to the last digit of its
 * fraction; without a zone it is UTC already. Undefined when it is not a date-time.
 */
export function normaliseDateTime(value: string): string | undefined {
  const match = pattern.exec(value);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', utc, sign, offsetHour, offsetMinute] =
    match;
  if (!isDate(Number(year), Number(month), Number(day))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (utc !== undefined) return value;

  const offsetMinutes = Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0);
  if (offsetMinutes === 0) return `${value.slice(0, 19)}${fraction}Z`;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return undefined;
  const local = Date.parse(`${value.slice(0, 19)}Z`);
  const instant = new Date(sign === '+' ? local - offsetMinutes * 60_000 : local + offsetMinutes * 60_000);
  const shifted = instant.toISOString();
  // Outside the four-digit years toISOString switches to a form that is not RFC 3339.
  return shifted.length === 24 ? `${shifted.slice(0, 19)}${fraction}Z` : undefined;
}

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  if (day <= 28) return true;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return day <= (month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);
}
