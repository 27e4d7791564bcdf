/**
 * Whether an answer of that status holds what was asked for. A 203 does: a proxy has transformed a 200 (RFC 9110,
 * section 15.3.4). The other 2xx do not: 202 and 204 have no content to read, a 206 has a part that nobody asked for.
 */
export function isSuccess(status: number): boolean {
  return status === 200 || status === 203;
}
