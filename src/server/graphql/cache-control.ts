/**
 * Returns the `Cache-Control` of a response (RFC 9111, section 5.2.2). It is `private`, because another credential may see
 * other data.
 *
 * @param freshUntil until when all data of the response is fresh, in milliseconds since the epoch; 0 for never
 * @param now milliseconds since the epoch
 */
export function cacheControlOf(freshUntil: number, now: number): string {
  const seconds = Math.floor((freshUntil - now) / 1_000);
  return seconds > 0 ? `private, max-age=${seconds}` : 'no-store';
}
