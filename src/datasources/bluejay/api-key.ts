/**
 * What may travel in `X-API-Key`: visible ASCII without a comma, because a comma is how
 * HTTP joins a header that was sent twice (RFC 9110, section 5.3).
 */
export const apiKeyPattern = /^[\x21-\x2b\x2d-\x7e]{8,256}$/;
