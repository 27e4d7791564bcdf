import type { IncomingHttpHeaders } from 'node:http';
import CachePolicy from 'http-cache-semantics';

/** What the operator allows beyond what Bluejay says itself. Durations are in milliseconds. */
export interface FreshnessOptions {
  /** How long a persona is fresh; an explicit lifetime of Bluejay's can only shorten it. @default 0 */
  readonly ttlMs: number;
  /** How long "there is none" is fresh. @default 0 */
  readonly notFoundTtlMs: number;
  /** How long a persona that is no longer fresh may be used, where Bluejay does not say. @default 0 */
  readonly staleMs: number;
}

/** Until when an answer may be used, in milliseconds since the epoch. */
export interface Lifetime {
  readonly freshUntil: number;
  /** While a new answer is fetched (RFC 5861, section 3). */
  readonly staleWhileRevalidateUntil: number;
  /** While Bluejay is out of reach (RFC 5861, section 4). */
  readonly staleIfErrorUntil: number;
}

/** The response headers that decide on freshness and revalidation: all that is kept of a response. */
export type Validators = Readonly<Partial<Record<(typeof keptHeaders)[number], string>>>;

const keptHeaders = [
  'age',
  'cache-control',
  'date',
  'etag',
  'expires',
  'last-modified',
  'pragma',
  'vary',
] as const;

/** @param previous of the answer that a 304 confirms: its own headers update them (RFC 9111, section 3.2) */
export function keepHeaders(headers: IncomingHttpHeaders, previous: Validators = {}): Validators {
  // How old the answer was when it came says nothing about the confirmation.
  const { age: _age, date: _date, ...confirmed } = previous;
  const kept: Partial<Record<(typeof keptHeaders)[number], string>> = confirmed;
  for (const name of keptHeaders) {
    // undici gives a list where a header came more than once (RFC 9110, section 5.3, joins them).
    const value: string | string[] | undefined = headers[name];
    if (value !== undefined) kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}

/** Beyond a year nobody means it (RFC 9111, section 1.2.2, lets a cache cap what it cannot represent). */
const maxFreshMs = 31_536_000_000;

// What is sent upstream never varies but for the API key, which is part of every cache key.
const request = { method: 'GET', url: '/', headers: {} };

/**
 * Until when the answer may be kept and used (RFC 9111), or undefined: not at all. The API key is part of
 * every cache key, so this is a private cache.
 *
 * @param found whether the answer was a persona; otherwise it was a 404
 * @param now milliseconds since the epoch
 */
export function lifetimeOf(
  headers: Validators,
  found: boolean,
  now: number,
  { ttlMs, notFoundTtlMs, staleMs }: FreshnessOptions,
): Lifetime | undefined {
  const allowedMs = found ? ttlMs : notFoundTtlMs;
  const { 'cache-control': cacheControl = '', vary = '' } = headers;
  // Only what a 200 says of itself is taken up; a 404 is kept only where the operator says so.
  if (
    /\bno-store\b/i.test(cacheControl) ||
    /(^|,)\s*\*\s*(,|$)/.test(vary) ||
    (!found && notFoundTtlMs === 0)
  )
    return undefined;
  const policy = new CachePolicy(request, { status: 200, headers }, { shared: false, cacheHeuristic: 0 });
  if (!policy.storable()) return undefined;

  const isExplicit = isLifetimeExplicit(headers);
  const upstreamMs = (policy.maxAge() - Math.max(0, Number(headers.age) || 0)) * 1000;
  const freshMs = !isExplicit ? allowedMs : Math.min(upstreamMs, allowedMs === 0 ? Infinity : allowedMs);
  const mayBeStale = found && !/\b(must-revalidate|no-cache)\b/i.test(cacheControl);
  const whileRevalidateMs = directiveMs(cacheControl, 'stale-while-revalidate') ?? staleMs;
  const ifErrorMs = directiveMs(cacheControl, 'stale-if-error') ?? staleMs;
  const kept = lifetime(
    now,
    Math.max(0, freshMs),
    mayBeStale ? whileRevalidateMs : 0,
    mayBeStale ? ifErrorMs : 0,
  );
  return usableUntil(kept) > now || canRevalidate(headers) ? kept : undefined;
}

/** Whether Bluejay says itself how long the answer is fresh, if at all. */
export function isLifetimeExplicit({ 'cache-control': cacheControl = '', expires }: Validators): boolean {
  return expires !== undefined || /\b(max-age|no-cache)\b/i.test(cacheControl);
}

/** Until when Bluejay allows the answer to be used without asking again; 0 where it says nothing of that. */
export function allowedFreshUntil(headers: Validators, now: number): number {
  if (!isLifetimeExplicit(headers)) return 0;
  return lifetimeOf(headers, true, now, { ttlMs: 0, notFoundTtlMs: 0, staleMs: 0 })?.freshUntil ?? 0;
}

/** Until when an answer is of any use, as a validator apart. */
export function usableUntil(answer: Lifetime): number {
  return Math.max(answer.freshUntil, answer.staleWhileRevalidateUntil, answer.staleIfErrorUntil);
}

/** Whether a conditional request can confirm the answer. */
function canRevalidate(headers: Validators): boolean {
  return headers.etag !== undefined || headers['last-modified'] !== undefined;
}

function lifetime(now: number, freshMs: number, whileRevalidateMs: number, ifErrorMs: number): Lifetime {
  const freshUntil = now + Math.min(freshMs, maxFreshMs);
  return {
    freshUntil,
    staleWhileRevalidateUntil: freshUntil + whileRevalidateMs,
    staleIfErrorUntil: freshUntil + ifErrorMs,
  };
}

function directiveMs(cacheControl: string, name: string): number | undefined {
  const seconds = new RegExp(`(?:^|[\\s,])${name}="?(\\d{1,9})\\b`, 'i').exec(cacheControl)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
