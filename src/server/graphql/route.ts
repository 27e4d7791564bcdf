import type { IncomingHttpHeaders } from 'node:http';
import { unescape } from 'node:querystring';
import type { AuthConfig } from '../../config/index.ts';
import { DeadlineExceeded } from '../../datasources/upstream/errors.ts';
import { Timeouts } from '../../shared/timeouts.ts';
import { readBody } from '../http/body.ts';
import { RequestCallObserver } from './call-observer.ts';
import { sendBody, sendRefusal } from '../http/exchange.ts';
import type { Exchange, Route } from '../http/exchange.ts';
import { asksForPage } from '../http/graphiql.ts';
import { parseGraphQLParams } from './params.ts';
import type { GraphQLParams } from './params.ts';
import { estimateParsedBytes, smallBodyBytes } from './parsed-size.ts';
import type { Executor } from './request.ts';
import { needsPreflight } from '../http/cors.ts';
import { isJsonMediaType } from '../http/media-type.ts';
import type { ResponseMediaType } from '../http/media-type.ts';
import { Refusal } from '../http/refusal.ts';
import { serverFaultOf } from './outcome.ts';
import type { Admission } from '../admission/admission.ts';
import { overloaded } from '../admission/overloaded.ts';
import { serverTimingOf, serverTimingRequestHeader } from '../http/server-timing.ts';
import type { TrustedDocuments } from './trusted-documents/documents.ts';
import { parseUrlParams } from './url-params.ts';

export interface GraphQLRouteOptions {
  readonly executor: Executor;
  readonly auth: AuthConfig;
  readonly admission: Admission;
  /** The share of its queue at the services that a caller has filled, from 0 to 1. */
  readonly backlogOf: (caller: string) => number;
  /** The deadline of a request's reads, from its parameters to its answer. */
  readonly requestTimeoutMs: number;
  /** Whether a caller that requests it gets a `Server-Timing`. */
  readonly serverTiming: boolean;
  /** Answers a browser that requests a page; undefined where GraphiQL is off. */
  readonly graphiql: Route | undefined;
  /** Undefined where trusted documents are off. */
  readonly trustedDocuments: TrustedDocuments | undefined;
}

/** Creates the route of GraphQL: POST with a JSON body, GET for queries (GraphQL over HTTP), GraphiQL for browsers. */
export function createGraphQLRoute(options: GraphQLRouteOptions): Route {
  const { executor, auth, admission, backlogOf, requestTimeoutMs, graphiql, trustedDocuments } = options;
  const { serverTiming } = options;
  // The request headers on which an answer to a GET depends.
  const vary = auth.mode === 'forward' ? 'Accept, X-API-Key' : 'Accept';
  const deadlines = new Timeouts(requestTimeoutMs);
  return async (exchange) => {
    const { request, response } = exchange;
    const { method, headers } = request;
    if (graphiql !== undefined && asksForPage(request)) return graphiql(exchange);
    const isGet = method === 'GET';
    if (method !== 'POST' && !isGet) throw methodNotAllowed();
    const mediaType = exchange.server.negotiate(headers.accept);
    if (mediaType === undefined) throw notAcceptable();
    if (isGet) {
      response.appendHeader('vary', vary);
      refuseForeignPages(exchange);
    } else checkContent(headers);
    let body = isGet ? undefined : await readBody(exchange);
    const turn = admission.enter(exchange.account);
    if (turn !== undefined && !(await turn)) return sendRefusal(exchange, overloaded);
    // The client may have gone away while the request waited.
    if (exchange.cancellation.aborted) return;
    // Parsed after the wait, because the parameters take far more memory than the body.
    const params = parseParams(exchange, body);
    // Otherwise the body would be held until the answer.
    body = undefined;
    await execute(exchange, params, mediaType);
  };

  /** @param body undefined where the parameters are in the URL */
  function parseParams(exchange: Exchange, body: Buffer | undefined): GraphQLParams {
    const { request } = exchange;
    const { url = '' } = request;
    if ((body ?? url).length > smallBodyBytes) {
      const { ledger } = exchange.server;
      const bytes = estimateParsedBytes(body ?? Buffer.from(unescape(url)));
      if (!ledger.hasRoomFor(exchange, bytes)) throw overloaded;
      ledger.add(exchange, bytes);
    }
    return body === undefined
      ? parseUrlParams(request, trustedDocuments)
      : parseGraphQLParams(body, trustedDocuments);
  }

  async function execute(
    exchange: Exchange,
    params: GraphQLParams,
    mediaType: ResponseMediaType,
  ): Promise<void> {
    const { request, requestId, cancellation, statistics } = exchange;
    const { headers } = request;
    const trace = exchange.trace?.startOperation();
    const observer = new RequestCallObserver(exchange, trace);
    const caller = {
      requestId,
      // A missing or malformed key fails only the fields that read, so that a router gets the rest of the answer.
      apiKey: auth.mode === 'service' ? auth.apiKey : callerKey(headers),
      signal: cancellation,
      deadlineAtMs: performance.now() + requestTimeoutMs,
      observer,
      resume: admission.resume,
    };
    const deadline = deadlines.start(() => cancellation.abort(new DeadlineExceeded()));
    let charged = 0;
    try {
      const wantsTrace = headers['apollo-federation-include-trace'] === 'ftv1';
      const answer = await executor({
        params,
        isReadOnly: request.method === 'GET',
        mediaType,
        requestId,
        caller,
        statistics,
        wantsTrace,
        reserve(reads, points) {
          charged = reads;
          admission.charge(exchange.account, reads);
          // It would find places for some of its reads, and miss a part.
          if (reads > 1 && backlogOf(exchange.account.caller) > maxBacklog) observer.refuseCalls();
          return exchange.reserve?.(reads, points);
        },
      });
      if (observer.wasRefused) throw overloaded;
      sendBody(exchange, answer.status, contentTypes[mediaType], answer.body, {
        'cache-control': answer.cacheControl,
        ...(serverTiming &&
          headers[serverTimingRequestHeader] === '1' && {
            'server-timing': serverTimingOf(performance.now() - exchange.startedAt, statistics),
          }),
      });
    } finally {
      admission.release(exchange.account, charged);
      deadlines.cancel(deadline);
      trace?.end({
        name: statistics.operationName,
        type: statistics.operationType,
        errorCode: serverFaultOf(statistics),
      });
    }
  }
}

/** Returns the key as it was sent. Two keys are joined by a comma, which makes them malformed. */
function callerKey({ 'x-api-key': header }: IncomingHttpHeaders): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}

/** A caller with a longer queue starts no operation with several reads, unless they are answered from memory. */
const maxBacklog = 0.5;

const contentTypes = {
  'application/json': 'application/json; charset=utf-8',
  'application/graphql-response+json': 'application/graphql-response+json; charset=utf-8',
} as const;

function checkContent(headers: IncomingHttpHeaders): void {
  if (!isJsonMediaType(headers['content-type'])) {
    throw new Refusal(415, 'BAD_REQUEST', 'Send the content-type application/json, in UTF-8.');
  }
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') {
    throw new Refusal(415, 'BAD_REQUEST', 'Send the body uncompressed, without a content-encoding.', {
      'accept-encoding': 'identity',
    });
  }
}

function methodNotAllowed(): Refusal {
  return new Refusal(405, 'BAD_REQUEST', 'Send GraphQL requests with POST, or queries with GET.', {
    allow: 'GET, POST',
  });
}

/**
 * Refuses a GET that a page of another site makes a browser send, with an image, a link or a script. Such a page cannot read
 * the answer, but causes reads and could measure their time. Pages of listed origins may send it, and so may every page that
 * CORS had to permit first.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
function refuseForeignPages({ request: { headers }, response }: Exchange): void {
  const site = headers['sec-fetch-site'] ?? 'none';
  if (site === 'none' || site === 'same-origin' || needsPreflight(headers)) return;
  if (response.hasHeader('access-control-allow-origin')) return;
  throw new Refusal(
    403,
    'BAD_REQUEST',
    'A page of another site may ask by GET only with a header that needs a preflight, such as apollo-require-preflight.',
  );
}

function notAcceptable(): Refusal {
  return new Refusal(
    406,
    'BAD_REQUEST',
    'Accept application/graphql-response+json or application/json, in UTF-8.',
  );
}
