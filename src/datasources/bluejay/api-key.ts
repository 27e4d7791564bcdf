/**
 * Matches the values of `X-API-Key`: visible ASCII without a comma, because HTTP joins the lines of a repeated header
 * with commas (RFC 9110, section 5.3).
 */
export const apiKeyPattern = /^[\x21-\x2b\x2d-\x7e]{8,256}$/;
