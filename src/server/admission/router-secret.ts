import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Route } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';

/** The header in which a router proves itself: by convention of Apollo's, who has no standard for it. */
const headerName = 'router-authorization';

export interface RouterSecretOptions {
  /** Of the router, two during a rotation; with none every request passes. */
  readonly secrets: readonly string[];
  /** Whether a request needs no secret. */
  readonly isExempt: (request: IncomingMessage) => boolean;
}

/** Passes only requests that carry one of the secrets to the route; refuses all others with 401. */
export function requireRouterSecret(route: Route, { secrets, isExempt }: RouterSecretOptions): Route {
  if (secrets.length === 0) return route;
  const check = createCheck(secrets);
  return (exchange) => {
    const { request } = exchange;
    if (!isExempt(request)) check(request.headers);
    return route(exchange);
  };
}

/** @returns a check that throws a {@link Refusal} with 401 */
function createCheck(secrets: readonly string[]): (headers: IncomingHttpHeaders) => void {
  const digests = secrets.map(digest);
  return (headers) => {
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
