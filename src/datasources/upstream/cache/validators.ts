import type { IncomingHttpHeaders } from 'node:http';
import { parseHttpDate } from '../http-date.ts';

/**
 * The response headers that decide on freshness and revalidation: all that is kept of a response. `etag` and
 * `last-modified` are well-formed.
 */
export type Validators = Readonly<Partial<Record<(typeof keptHeaders)[number], string | undefined>>>;

const keptHeaders = ['age', 'cache-control', 'date', 'etag', 'expires', 'last-modified', 'vary'] as const;

/**
 * Selects the headers to keep of a response.
 *
 * @param previous of the answer that a 304 confirms: the headers of the 304 update them (RFC 9111, section 3.2)
 */
export function selectHeaders(headers: IncomingHttpHeaders, previous: Validators = {}): Validators {
  // How old the answer was when it came says nothing about the confirmation.
  const { age: _age, date: _date, ...confirmed } = previous;
  const kept: { -readonly [Name in keyof Validators]: Validators[Name] } = confirmed;
  for (const name of keptHeaders) {
    const value = headers[name];
    if (value !== undefined) kept[name] = typeof value === 'string' ? value : joinLines(value);
  }
  if (kept.etag !== undefined && !isEntityTag(kept.etag)) delete kept.etag;
  if (kept['last-modified'] !== undefined && parseHttpDate(kept['last-modified']) === undefined) {
    delete kept['last-modified'];
  }
  return kept;
}

/**
 * Whether the value is one entity tag (RFC 9110, section 8.8.3). Sent back, `*` and a list would be confirmed
 * whatever the answer is.
 */
export function isEntityTag(value: string): boolean {
  return /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(value);
}

/** Whether a request with these validators is conditional. */
export function isConditional(validators: Validators): boolean {
  return validators.etag !== undefined || validators['last-modified'] !== undefined;
}

/**
 * Whether a 304 is about the answer that the validators belong to (RFC 9111, section 4.3.4). One that names
 * no validator is: only one was sent.
 */
export function isConfirmedBy(notModified: IncomingHttpHeaders, validators: Validators): boolean {
  const etag = joinLines(notModified.etag);
  if (etag !== undefined) {
    return etag.startsWith('W/') ? etag === weak(validators.etag) : etag === validators.etag;
  }
  const lastModified = joinLines(notModified['last-modified']);
  return lastModified === undefined || lastModified === validators['last-modified'];
}

/** The tag as weak comparison sees it (RFC 9110, section 8.8.3.2). */
function weak(etag: string | undefined): string | undefined {
  return etag === undefined || etag.startsWith('W/') ? etag : `W/${etag}`;
}

/** undici gives a list where a field has several lines: RFC 9110, section 5.3, joins them. Equal lines are one. */
function joinLines(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? [...new Set(value)].join(', ') : value;
}
