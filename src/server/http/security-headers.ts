/**
 * On every answer. JSON needs nothing from anywhere and belongs in no frame; a page sends a policy of its own.
 * Strict-Transport-Security is not among them: browsers heed it over TLS only, so it is for who terminates TLS.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
 */
export const securityHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;
