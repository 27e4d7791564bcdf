import { randomUUID } from 'node:crypto';

const pattern = /^[\w.:-]{1,128}$/;

/** Returns the caller's `x-request-id` where it is safe in logs and headers, else a new id. */
export function readRequestId(header: string | string[] | undefined): string {
  return typeof header === 'string' && pattern.test(header) ? header : randomUUID();
}
