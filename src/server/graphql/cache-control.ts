/**
 * The `Cache-Control` of a response (RFC 9111, section 5.2.2) that holds what one credential may see.
 *
 * @param freshUntil until when everything in it may be used, in milliseconds since the epoch; 0: not at all
 * @param now milliseconds since the epoch
 */
export function cacheControlOf(freshUntil: number, now: number): string {
  const seconds = Math.floor((freshUntil - now) / 1_000);
  return seconds > 0 ? `private, max-age=${seconds}` : 'no-store';
}
