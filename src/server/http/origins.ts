/** The names of RFC 6761, section 6.3, and the addresses of RFC 6890. */
const loopbackOrigin = /^https?:\/\/((?:[a-z\d-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/;
/** The scheme and the label that `*` stands for. */
const schemeAndFirstLabel = /^(https?:\/\/)[a-z\d_-]+(?=\.)/;

/**
 * Creates the function that returns whether an `Origin` header is one of the permitted. It compares the text as it is,
 * because browsers send scheme and host in lower case and omit the default port (RFC 6454, section 6.2).
 *
 * @param origins exact, such as `https://app.example.com`, or with `*` as the first label, which stands for one label:
 *   `https://*.preview.example.com` permits `https://pr-7.preview.example.com`
 * @param allowsLoopback whether origins of this machine are permitted, too, on any port
 */
export function createOriginMatcher(
  origins: readonly string[],
  allowsLoopback: boolean,
): (origin: string) => boolean {
  const listed = new Set(origins);
  return (origin) =>
    // The text of a pattern is no origin itself.
    !origin.includes('*') &&
    (listed.has(origin) ||
      listed.has(origin.replace(schemeAndFirstLabel, '$1*')) ||
      (allowsLoopback && loopbackOrigin.test(origin)));
}
