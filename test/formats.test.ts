import { expect, test } from 'vitest';
import { normaliseDateTime } from '../src/datasources/bluejay/date-time.ts';
import { parseRetryAfter } from '../src/datasources/upstream/retry-after.ts';
import { parseUuid } from '../src/datasources/uuid.ts';

test.each([
  // The forms that Bluejay writes.
  ['2023-11-07T05:31:56Z', '2023-11-07T05:31:56Z'],
  ['2023-11-07T05:31:56+00:00', '2023-11-07T05:31:56Z'],
  ['2023-11-07T05:31:56.123456+00:00', '2023-11-07T05:31:56.123456Z'],
  ['2023-11-07T05:31:56', '2023-11-07T05:31:56Z'],
  ['2023-11-07T05:31:56.123456', '2023-11-07T05:31:56.123456Z'],
  // Other offsets are the same instant in UTC.
  ['2023-11-07T05:31:56-00:00', '2023-11-07T05:31:56Z'],
  ['2023-11-07T05:31:56.5+05:30', '2023-11-07T00:01:56.5Z'],
  ['2023-12-31T23:30:00.000001-01:00', '2024-01-01T00:30:00.000001Z'],
  ['2024-03-01T00:30:00+01:00', '2024-02-29T23:30:00Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
  ['2000-02-29T00:00:00', '2000-02-29T00:00:00Z'],
  ['0001-01-01T00:00:00', '0001-01-01T00:00:00Z'],
  ['0001-01-01T00:00:00+01:00', '0000-12-31T23:00:00Z'],
  ['9999-12-31T23:59:59.999999', '9999-12-31T23:59:59.999999Z'],
  // Other spellings of ISO 8601.
  ['2021-06-23T05:50:47.918+0000', '2021-06-23T05:50:47.918Z'],
  ['2021-06-23 05:50:47.918+00', '2021-06-23T05:50:47.918Z'],
  ['2021-06-23T05:50:47 +02:00', '2021-06-23T03:50:47Z'],
  ['2021-06-23t05:50:47z', '2021-06-23T05:50:47Z'],
  ['2021-06-23T05:50:47,918Z', '2021-06-23T05:50:47.918Z'],
  ['20210623T055047.5-0130', '2021-06-23T07:20:47.5Z'],
  ['2021-06-23T05:50Z', '2021-06-23T05:50:00Z'],
  ['2021-06-23T05:50:47\u221205:00', '2021-06-23T10:50:47Z'],
  ['1890-01-01T00:00:00+00:53:28', '1889-12-31T23:06:32Z'],
  ['2021-06-23T05:50:47.1234567891Z', '2021-06-23T05:50:47.123456789Z'],
  ['2021-12-31T24:00:00Z', '2022-01-01T00:00:00Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z'],
  ['2017-01-01T08:59:60.5+09:00', '2017-01-01T00:00:00.5Z'],
])('the date-time %s is %s', (value, expected) => {
  expect(normaliseDateTime(value)).toBe(expected);
});

test.each([
  '',
  '2023-11-07',
  '2023-11-07T05',
  '2023-11-07T05:31:56.',
  '2023-11-07T05:31.5Z',
  '2023-1107T05:31:56Z',
  '07/11/2023 05:31:56',
  '2023-11-07T05:31:56 CET',
  'Tue, 07 Nov 2023 05:31:56 GMT',
  '1699335116',
  '2023-11-07T05:31:56Z\n',
  '2023-13-01T00:00:00Z',
  '2023-00-01T00:00:00Z',
  '2023-01-00T00:00:00Z',
  '2023-04-31T00:00:00Z',
  '2023-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2023-11-07T24:00:01Z',
  '2023-11-07T24:00:00.1Z',
  '2023-11-07T25:00:00Z',
  '2023-11-07T05:60:00Z',
  '2023-11-07T05:31:60Z',
  '2023-11-07T05:31:56+24:00',
  '2023-11-07T05:31:56+01:60',
  '9999-12-31T23:59:59-01:00',
  '+002023-11-07T05:31:56Z',
])('%j is not a date-time', (value) => {
  expect(normaliseDateTime(value)).toBeUndefined();
});

test.each([
  ['0', 0],
  ['7', 7_000],
  [' 120 ', 120_000],
  ['Wed, 21 Oct 2026 07:28:10 GMT', 10_000],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
  ['Wed, 1 Apr 2026 07:28:00 GMT', 0],
  // The obsolete forms, which are UTC too.
  ['Wednesday, 21-Oct-26 07:28:10 GMT', 10_000],
  ['Wed Oct 21 07:28:10 2026', 10_000],
  ['Sun Nov  1 07:28:00 2026', 86_400_000],
  ['Sun Nov  6 08:49:37 1994', 0],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
  // A year of two digits is at most 50 years ahead.
  ['Wednesday, 21-Oct-76 07:28:00 GMT', 86_400_000],
  ['Thursday, 21-Oct-77 07:28:00 GMT', 0],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400_000],
  ['999999999', 86_400_000],
])('Retry-After: %s is %i ms', (header, expected) => {
  expect(parseRetryAfter(header, Date.parse('2026-10-21T07:28:00Z'))).toBe(expected);
});

test.each([
  undefined,
  '',
  '-1',
  '1.5',
  'soon',
  '2026-10-21',
  'Jan 1',
  'Wed, 99 Oct 2026 07:28:00 GMT',
  'Sat, 31 Feb 2026 07:28:00 GMT',
  'Wed, 21 Okt 2026 07:28:00 GMT',
  'Wed, 21 Oct 2026 25:28:00 GMT',
  'Wed Oct 21 07:28:10 2026 +0100',
  '1'.repeat(10),
])('Retry-After: %s says nothing', (header) => {
  expect(parseRetryAfter(header, 0)).toBeUndefined();
});

test('a UUID is lower-cased, and everything else is none', () => {
  const id = '3C90C3CC-0d44-4b50-8888-8dd25736052a';
  expect(parseUuid(id)).toBe('3c90c3cc-0d44-4b50-8888-8dd25736052a');
  // The Kelvin sign and the dotted capital I change their length or script in lower case.
  for (const value of [
    undefined,
    null,
    7,
    {},
    [id],
    `${id} `,
    `\u212a${id.slice(1)}`,
    `\u0130${id.slice(1)}`,
  ]) {
    expect(parseUuid(value)).toBeUndefined();
  }
});
