/** The `Cache-Control` directives of a response for a private cache (RFC 9111, section 5.2.2; RFC 5861). */
export interface CacheControl {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly mustRevalidate: boolean;
  /** Milliseconds; 0 where the value is malformed, undefined where the directive is absent. */
  readonly maxAgeMs: number | undefined;
  readonly staleWhileRevalidateMs: number | undefined;
  readonly staleIfErrorMs: number | undefined;
}

/** The longest lifetime: RFC 9111, section 1.2.2, lets a cache cap what it cannot represent. */
export const maxLifetimeMs = 31_536_000_000;

/** Matches a token and its argument: a quoted string, or the text up to the next separator. */
const directivePattern = /([\w!#$%&'*+.^`|~-]+)(?:=("(?:[^"\\]|\\.)*"|[^\s,;]*))?/g;

/**
 * Parses a `Cache-Control` field strictly: names in any case, the shortest time of a repeated directive, 0 for a
 * malformed time (RFC 9111, section 4.2.1). Accepts separators other than commas, so that they hide no directive.
 */
export function parseCacheControl(field: string): CacheControl {
  const times = new Map<string, number>();
  for (const [, token = '', argument = ''] of field.matchAll(directivePattern)) {
    const name = token.toLowerCase();
    times.set(name, Math.min(times.get(name) ?? Infinity, parseSecondsAsMs(argument)));
  }
  return {
    noStore: times.has('no-store'),
    // `no-cache="field"` may be read as `no-cache` (section 5.2.2.4).
    noCache: times.has('no-cache'),
    mustRevalidate: times.has('must-revalidate'),
    maxAgeMs: times.get('max-age'),
    staleWhileRevalidateMs: times.get('stale-while-revalidate'),
    staleIfErrorMs: times.get('stale-if-error'),
  };
}

function parseSecondsAsMs(argument: string): number {
  const seconds = /^("?)(\d+)\1$/.exec(argument)?.[2];
  return seconds === undefined ? 0 : Math.min(Number(seconds) * 1_000, maxLifetimeMs);
}
