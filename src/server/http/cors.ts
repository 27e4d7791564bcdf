import type { IncomingHttpHeaders } from 'node:http';
import { decideKeepAlive } from './exchange.ts';
import type { Exchange, Route } from './exchange.ts';
import { isJsonMediaType } from './media-type.ts';
import { Refusal } from './refusal.ts';
import { securityHeaders } from './security-headers.ts';

/** Includes what client libraries send by themselves: names of clients and operations, and trace contexts. */
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
];
/** Browsers send these without a preflight, too: the password of a URL, and the media types of forms. */
const simpleHeaders = new Set(['authorization', 'content-type']);
const preflightHeaders = allowedHeaders.filter((name) => !simpleHeaders.has(name));
const exposedHeaders = 'x-request-id, retry-after, ratelimit, ratelimit-policy';
/** The names of RFC 6761, section 6.3, and the addresses of RFC 6890. */
const loopbackOrigin = /^https?:\/\/((?:[a-z\d-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/;
/** The longest that Chromium caches a preflight. */
const maxAgeSeconds = '7200';

/**
 * Permits pages of these origins to read the route's answers (Fetch Standard, "CORS protocol"). Credentials are never
 * permitted, because the gateway uses no cookies.
 *
 * @param origins exact, such as `https://app.example.com`
 * @param allowsLoopback whether origins of this machine are permitted, too, on any port
 */
export function allowOrigins(route: Route, origins: readonly string[], allowsLoopback: boolean): Route {
  const allowed = new Set(origins);
  return (exchange) => {
    const { request, response } = exchange;
    const { origin } = request.headers;
    const isAllowed =
      origin !== undefined && (allowed.has(origin) || (allowsLoopback && loopbackOrigin.test(origin)));
    // A cache must not reuse an answer for another origin, or for a request without one.
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

/**
 * Returns whether a page of another origin can send these headers only after a preflight (Fetch Standard,
 * "CORS-safelisted request-header").
 */
export function needsPreflight(headers: IncomingHttpHeaders): boolean {
  return (
    preflightHeaders.some((name) => headers[name] !== undefined) || isJsonMediaType(headers['content-type'])
  );
}

function answerPreflight(exchange: Exchange): void {
  const { response, requestId } = exchange;
  decideKeepAlive(exchange);
  response
    .writeHead(204, {
      'x-request-id': requestId,
      ...securityHeaders,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': allowedHeaders.join(', '),
      'access-control-max-age': maxAgeSeconds,
    })
    .end();
}
