import { decideKeepAlive } from './exchange.ts';
import type { Exchange, Route } from './exchange.ts';
import { Refusal } from './refusal.ts';
import { securityHeaders } from './security-headers.ts';

/** What clients send of their own accord, too: names of clients and operations, and the contexts of traces. */
const allowedHeaders = [
  'content-type',
  'x-api-key',
  'x-request-id',
  'authorization',
  'apollo-require-preflight',
  'apollographql-client-name',
  'apollographql-client-version',
  'graphql-client-name',
  'graphql-client-version',
  'x-apollo-operation-id',
  'x-apollo-operation-name',
  'x-apollo-operation-type',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
].join(', ');
const exposedHeaders = 'x-request-id, retry-after, ratelimit, ratelimit-policy';
/** The names of RFC 6761, section 6.3, and the addresses of RFC 6890. */
const loopbackOrigin = /^https?:\/\/((?:[a-z\d-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/;
/** As long as Chromium remembers a preflight at the most. */
const maxAgeSeconds = '7200';

/**
 * Lets pages of these origins read the route's answers (Fetch Standard, "CORS protocol"). Credentials are
 * never allowed: the gateway knows no cookies.
 *
 * @param origins exact, such as `https://app.example.com`
 * @param takesLoopback whether origins of this machine are allowed, too, on any port
 */
export function allowOrigins(route: Route, origins: readonly string[], takesLoopback: boolean): Route {
  const allowed = new Set(origins);
  return (exchange) => {
    const { request, response } = exchange;
    const { origin } = request.headers;
    const isAllowed =
      origin !== undefined && (allowed.has(origin) || (takesLoopback && loopbackOrigin.test(origin)));
    // Caches must not give the answer for one origin to another, nor one without an origin to any.
    response.setHeader('vary', 'Origin');
    if (isAllowed) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-expose-headers', exposedHeaders);
    }
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      return route(exchange);
    }
    if (!isAllowed) {
      throw new Refusal(403, 'BAD_REQUEST', 'Pages of this origin may not ask: add it to CORS_ORIGINS.');
    }
    return answerPreflight(exchange);
  };
}

function answerPreflight(exchange: Exchange): void {
  const { response, requestId } = exchange;
  decideKeepAlive(exchange);
  response
    .writeHead(204, {
      'x-request-id': requestId,
      ...securityHeaders,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': allowedHeaders,
      'access-control-max-age': maxAgeSeconds,
    })
    .end();
}
