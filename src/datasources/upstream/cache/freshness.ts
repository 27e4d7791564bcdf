import { parseHttpDate } from '../http-date.ts';
import { maxLifetimeMs, parseCacheControl } from './cache-control.ts';
import type { CacheControl } from './cache-control.ts';
import type { Validators } from './validators.ts';

/** The lifetimes that the operator allows, in milliseconds. */
export interface FreshnessOptions {
  /** How long an answer is fresh; an explicit lifetime from the service can only shorten it. @default 0 */
  readonly ttlMs: number;
  /** How long a 404 is fresh. @default 0 */
  readonly notFoundTtlMs: number;
  /** How long a stale answer may be used, where the service does not say. @default 0 */
  readonly staleMs: number;
}

/** How long an answer may be used, in milliseconds from `sentAt`; 0: not at all. */
export interface Lifetime {
  /** When the request was sent, in milliseconds since the epoch. The answer is no older than that. */
  readonly sentAt: number;
  readonly freshMs: number;
  /** The part of `freshMs` that the service allows; 0 where it does not say. */
  readonly grantedMs: number;
  /** How long it may be used while it is revalidated (RFC 5861, section 3). */
  readonly staleWhileRevalidateMs: number;
  /** How long it may be used while the service fails (RFC 5861, section 4). */
  readonly staleIfErrorMs: number;
}

/**
 * Returns how long an answer may be stored and used (RFC 9111); undefined where it may not be stored. The API key is
 * part of every cache key, so this is a private cache.
 *
 * @param found whether the answer is a value; otherwise it is a 404
 * @param sentAt when the request was sent, in milliseconds since the epoch
 */
export function lifetimeOf(
  headers: Validators,
  found: boolean,
  sentAt: number,
  { ttlMs, notFoundTtlMs, staleMs }: FreshnessOptions,
): Lifetime | undefined {
  const allowedMs = found ? ttlMs : notFoundTtlMs;
  const control = parseCacheControl(headers['cache-control'] ?? '');
  // A 404 is stored only where the operator sets a TTL for it, whatever its headers allow.
  if (control.noStore || variesByRequest(headers) || (!found && allowedMs === 0)) return undefined;

  const explicitMs = explicitFreshMs(headers, control, sentAt);
  // Below 0 where the answer was stale on arrival: it has used up a part of its time as a stale one, too.
  const leftMs = Math.min(explicitMs ?? allowedMs, allowedMs === 0 ? Infinity : allowedMs);
  const freshMs = Math.max(0, leftMs);
  // Only an answer that may have been fresh becomes stale.
  const isAllowed = explicitMs !== undefined || allowedMs > 0;
  const mayBeStale = found && isAllowed && !control.mustRevalidate && !control.noCache;
  const { staleWhileRevalidateMs = staleMs, staleIfErrorMs = staleMs } = control;
  return {
    sentAt,
    freshMs,
    grantedMs: explicitMs === undefined ? 0 : freshMs,
    staleWhileRevalidateMs: mayBeStale ? Math.max(0, leftMs + staleWhileRevalidateMs) : freshMs,
    staleIfErrorMs: mayBeStale ? Math.max(0, leftMs + staleIfErrorMs) : freshMs,
  };
}

/** Returns until when the service allows an answer to be used, in milliseconds since the epoch; 0 where it does not say. */
export function allowedFreshUntil(headers: Validators, sentAt: number): number {
  const lifetime = lifetimeOf(headers, true, sentAt, { ttlMs: 0, notFoundTtlMs: 0, staleMs: 0 });
  return lifetime === undefined || lifetime.grantedMs === 0 ? 0 : sentAt + lifetime.grantedMs;
}

/** Returns until when an answer is usable, even stale, in milliseconds since the epoch. */
export function usableUntil(answer: Lifetime): number {
  return answer.sentAt + Math.max(answer.freshMs, answer.staleWhileRevalidateMs, answer.staleIfErrorMs);
}

/** Returns the shorter of two lifetimes of one answer. */
export function shorterLifetime(one: Lifetime, other: Lifetime): Lifetime {
  return {
    sentAt: Math.min(one.sentAt, other.sentAt),
    freshMs: Math.min(one.freshMs, other.freshMs),
    grantedMs: Math.min(one.grantedMs, other.grantedMs),
    staleWhileRevalidateMs: Math.min(one.staleWhileRevalidateMs, other.staleWhileRevalidateMs),
    staleIfErrorMs: Math.min(one.staleIfErrorMs, other.staleIfErrorMs),
  };
}

/**
 * Returns the explicit lifetime of an answer less its age on arrival (RFC 9111, sections 4.2.1 and 4.2.3): below 0 where
 * it was stale on arrival. Undefined where the service does not say.
 */
function explicitFreshMs(headers: Validators, control: CacheControl, sentAt: number): number | undefined {
  const { age = '', date, expires } = headers;
  if (control.maxAgeMs === undefined && expires === undefined) return control.noCache ? 0 : undefined;
  const generatedAt = date === undefined ? sentAt : parseHttpDate(date);
  // `Date` has whole seconds: the answer may be up to 999 ms younger.
  const apparentAgeMs = generatedAt === undefined ? 0 : sentAt - generatedAt - 999;
  const ageMs = Math.max(0, apparentAgeMs, ageValueMs(age));
  // With an unreadable `Date` the age is unknown.
  if (control.noCache || generatedAt === undefined) return -ageMs;
  const expiresAt = parseHttpDate(expires ?? '') ?? 0;
  const lifetimeMs = control.maxAgeMs ?? Math.min(Math.max(0, expiresAt - generatedAt), maxLifetimeMs);
  return lifetimeMs - ageMs;
}

/**
 * Returns the largest valid number in an `Age` field, in milliseconds. RFC 9111, section 5.1, takes the first member of a list, and
 * ignores it if invalid; the largest is never less strict.
 */
function ageValueMs(field: string): number {
  const seconds = field.split(',').map((member) => (/^\s*\d+\s*$/.test(member) ? Number(member) : 0));
  return Math.max(...seconds) * 1_000;
}

/** Whether answers differ by a header that is not part of the cache key: requests differ in the trace's context. */
function variesByRequest({ vary = '' }: Validators): boolean {
  return /(?:^|,)\s*(?:\*|traceparent|tracestate)\s*(?:,|$)/i.test(vary);
}
