import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './refusal.ts';

/** The header in which a router proves itself: by convention of Apollo's, who has no standard for it. */
const headerName = 'router-authorization';

/**
 * Lets only those requests pass that carry one of the secrets.
 *
 * @param secrets two during a rotation; with none everybody passes
 * @returns a check that throws a {@link Refusal} with 401
 */
export function createRouterSecretCheck(secrets: readonly string[]): (headers: IncomingHttpHeaders) => void {
  const digests = secrets.map(digest);
  return (headers) => {
    if (digests.length === 0) return;
    const header = headers[headerName];
    // Digests have one length, and every one is compared to its end: the time tells nothing.
    const candidate = digest(typeof header === 'string' ? header : '');
    const matches = digests.filter((each) => timingSafeEqual(each, candidate));
    if (matches.length === 0) {
      throw new Refusal(
        401,
        'UNAUTHENTICATED',
        `Go through the router: GraphQL requests need its secret in the ${headerName} header.`,
        { 'www-authenticate': `RouterSecret header="${headerName}"` },
      );
    }
  };
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
