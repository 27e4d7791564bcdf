/**
 * The statuses of answers that hold what was asked for. 203 is one: a proxy has transformed a 200 (RFC 9110, section
 * 15.3.4). The other 2xx are not: 202 and 204 have no content to read, a 206 has a part that nobody asked for.
 */
export const successStatuses: readonly number[] = [200, 203];
