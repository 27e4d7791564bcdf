import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from '../../observability/logger.ts';
import { decideKeepAlive } from './exchange.ts';
import type { Exchange, Route } from './exchange.ts';
import { isJsonMediaType } from './media-type.ts';
import { createOncePerInterval } from './once-per-interval.ts';
import { createOriginMatcher } from './origins.ts';
import { Refusal } from './refusal.ts';
import { securityHeaders } from './security-headers.ts';

export interface CorsOptions {
  /** See `createOriginMatcher`. */
  readonly corsOrigins: readonly string[];
  /** The names of headers that pages may send beside those that client libraries send by themselves. */
  readonly corsHeaders: readonly string[];
  /** Whether origins of this machine are permitted, too, on any port. @default false */
  readonly corsLoopback?: boolean;
  readonly logger: Logger;
}

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
/** The longest that Chromium caches a preflight. */
const maxAgeSeconds = '7200';

/**
 * Permits pages of the configured origins to read the route's answers (Fetch Standard, "CORS protocol"), and logs what a
 * preflight fails for. Credentials are never permitted, because the gateway uses no cookies.
 */
export function allowOrigins(route: Route, options: CorsOptions): Route {
  const { corsOrigins, corsHeaders, corsLoopback = false, logger } = options;
  const isListed = createOriginMatcher(corsOrigins, corsLoopback);
  const isAnyListed = corsOrigins.length > 0 || corsLoopback;
  const permittedHeaders = new Set([...allowedHeaders, ...corsHeaders]);
  const permittedHeaderList = [...permittedHeaders].join(', ');
  // Anybody can send preflights, from as many invented origins as they like.
  const mayLog = createOncePerInterval({ intervalMs: 60_000, maxKeys: 20, now: () => performance.now() });

  function warn(origin: string | undefined, message: string): void {
    const loggable = loggableOrigin(origin);
    if (mayLog(`${message} ${loggable}`)) logger.warn({ origin: loggable }, message);
  }

  return (exchange) => {
    const { request, response } = exchange;
    const { origin } = request.headers;
    const isAllowed = origin !== undefined && isListed(origin);
    // A cache must not reuse an answer for another origin, or for a request without one.
    if (isAnyListed) response.setHeader('vary', 'Origin');
    if (isAllowed) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-expose-headers', exposedHeaders);
    }
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      return route(exchange);
    }
    if (!isAllowed) {
      warn(origin, 'refused the preflight of a page: CORS_ORIGINS does not list its origin');
      throw new Refusal(403, 'BAD_REQUEST', 'Pages of this origin may not ask: add it to CORS_ORIGINS.');
    }
    const requested = request.headers['access-control-request-headers'] ?? '';
    if (namesIn(requested).some((name) => !permittedHeaders.has(name))) {
      // The browser's console names the header; here it could be any text.
      warn(origin, 'the preflight of a page asks for a header that CORS_HEADERS does not list');
    }
    answerPreflight(exchange, permittedHeaderList);
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

function namesIn(list: string): readonly string[] {
  return list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

/** Browsers send `null` or scheme, host and port; others may send any text, a secret too, which must not be logged. */
const originForm = /^(?:null|[a-z][a-z\d+.-]*:\/\/[a-z\d._:[\]-]+)$/i;

/** Returns at most 200 characters of the origin, or what is wrong with it. */
function loggableOrigin(origin: string | undefined): string {
  if (origin === undefined) return 'missing';
  const text = origin.slice(0, 200);
  return originForm.test(text) ? text : 'malformed';
}

function answerPreflight(exchange: Exchange, headers: string): void {
  const { response, requestId } = exchange;
  decideKeepAlive(exchange);
  response
    .writeHead(204, {
      'x-request-id': requestId,
      ...securityHeaders,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': headers,
      'access-control-max-age': maxAgeSeconds,
    })
    .end();
}
