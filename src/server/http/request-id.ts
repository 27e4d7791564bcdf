import { randomUUID } from 'node:crypto';

const pattern = /^[\w.:-]{1,128}$/;

/** The caller's `x-request-id` when it is fit for logs and headers, else a new one. */
export function readRequestId(header: string | string[] | undefined): string {
  return typeof header === 'string' && pattern.test(header) ? header : randomUUID();
}
