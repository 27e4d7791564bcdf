import type { IncomingHttpHeaders } from 'node:http';
import { parseHttpDate } from '../http-date.ts';

/**
 * The response headers that are stored: those that decide on freshness and revalidation. `etag` and `last-modified` are
 * well-formed.
 */
export type Validators = Readonly<Partial<Record<(typeof keptHeaders)[number], string | undefined>>>;

const keptHeaders = ['age', 'cache-control', 'date', 'etag', 'expires', 'last-modified', 'vary'] as const;

/**
 * Selects the headers of a response to store.
 *
 * @param previous those of the answer that a 304 confirms: the headers of the 304 update them (RFC 9111, section 3.2)
 */
export function selectHeaders(headers: IncomingHttpHeaders, previous: Validators = {}): Validators {
  // The age of the answer on arrival is not the age of the confirmation.
  const { age: _age, date: _date, ...confirmed } = previous;
  const kept: { -readonly [Name in keyof Validators]: Validators[Name] } = confirmed;
  for (const name of keptHeaders) {
    const value = headers[name];
    if (value !== undefined) kept[name] = joinLines(value);
  }
  if (kept.etag !== undefined && !isEntityTag(kept.etag)) delete kept.etag;
  if (kept['last-modified'] !== undefined && parseHttpDate(kept['last-modified']) === undefined) {
    delete kept['last-modified'];
  }
  return kept;
}

/**
 * Whether the value is one entity tag (RFC 9110, section 8.8.3). A condition with `*` or a list could match any
 * answer.
 */
export function isEntityTag(value: string): boolean {
  return /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(value);
}

/** Whether a request with these validators is conditional. */
export function isConditional(validators: Validators): boolean {
  return validators.etag !== undefined || validators['last-modified'] !== undefined;
}

/**
 * Whether a 304 confirms the answer with these validators (RFC 9111, section 4.3.4). A 304 without a validator does,
 * because the request had only one.
 */
export function isConfirmedBy(notModified: IncomingHttpHeaders, validators: Validators): boolean {
  const etag = joinLines(notModified.etag);
  if (etag !== undefined) {
    return etag.startsWith('W/') ? etag === weak(validators.etag) : etag === validators.etag;
  }
  const lastModified = joinLines(notModified['last-modified']);
  return lastModified === undefined || lastModified === validators['last-modified'];
}

/** Returns the weak form of a tag, for weak comparison (RFC 9110, section 8.8.3.2). */
function weak(etag: string | undefined): string | undefined {
  return etag === undefined || etag.startsWith('W/') ? etag : `W/${etag}`;
}

/** Joins the lines of a field (RFC 9110, section 5.3), which undici returns as a list. Equal lines are one. */
function joinLines(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? [...new Set(value)].join(', ') : value;
}
