const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Parses the canonical text form of a UUID (RFC 9562, section 4): 8-4-4-4-12 hexadecimal digits.
 *
 * @returns the UUID in lower case, so that one persona has one key; undefined for any other value
 */
export function parseUuid(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length !== 36) return undefined;
  const lowerCased = value.toLowerCase();
  return uuidPattern.test(lowerCased) ? lowerCased : undefined;
}
