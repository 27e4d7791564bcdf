import type { IncomingMessage, ServerResponse } from 'node:http';
import { LightCancellation } from '../cancellation.ts';
import type { Logger } from '../observability/logger.ts';
import type { ErrorCode } from './errors.ts';
import type { RequestStatistics } from './graphql-request.ts';
import { negotiateMediaType } from './media-type.ts';
import { Refusal } from './refusal.ts';
import { readRequestId } from './request-id.ts';
import { securityHeaders } from './security-headers.ts';

/** One HTTP request and its answer, with what belongs to it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** Aborted when the client goes away before it has its answer; a route may abort it for its own reasons. */
  readonly cancellation: LightCancellation;
  readonly statistics: RequestStatistics;
  /** Whether the gateway is stopping: the answer closes its connection then. */
  readonly isDraining: () => boolean;
  /** Called when all is known about the answer, for headers that depend on it. */
  beforeAnswer?: () => void;
}

export type Route = (exchange: Exchange) => void | Promise<void>;

/** Starts an exchange; when it ends, one line is logged: no URL, header, variable or body. */
export function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  routeName: string,
  isDraining: () => boolean,
  logger: Logger,
): Exchange {
  const startedAt = performance.now();
  const requestId = readRequestId(request.headers['x-request-id']);
  const cancellation = new LightCancellation();
  const statistics: RequestStatistics = {
    operationName: undefined,
    upstreamCalls: 0,
    errorCodes: {},
    failures: {},
  };
  response.once('close', () => {
    const aborted = !response.writableFinished;
    if (aborted) cancellation.abort(clientLeft);
    // Probes come every few seconds, for ever.
    const level = routeName.startsWith('/health/') ? 'debug' : 'info';
    if (!logger.isLevelEnabled(level)) return;
    logger[level](
      {
        requestId,
        method: request.method,
        route: routeName,
        ...(aborted ? { aborted } : { status: response.statusCode }),
        durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
        ...statistics,
      },
      'request',
    );
  });
  return { request, response, requestId, cancellation, statistics, isDraining };
}

/** Why the reads of a client that went away end. */
const clientLeft = new Error('The client went away before it had its answer');

/** Answers with a body; once the answer has begun, or the client is gone, it does nothing. */
export function sendBody(
  exchange: Exchange,
  status: number,
  contentType: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  const { response, requestId, isDraining } = exchange;
  if (response.headersSent || response.destroyed) return;
  exchange.beforeAnswer?.();
  // A keep-alive connection would go on bringing requests after the server has stopped listening.
  if (isDraining()) response.shouldKeepAlive = false;
  // All headers at once and a text as a text: Node.js then needs one string and one write for both.
  response
    .writeHead(status, {
      'x-request-id': requestId,
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      ...securityHeaders,
      ...headers,
      ...(headers['vary'] !== undefined &&
        response.hasHeader('vary') && { vary: `${String(response.getHeader('vary'))}, ${headers['vary']}` }),
    })
    .end(body);
}

/** Refuses the request with a GraphQL error; anything but a Refusal is masked and logged. */
export function sendFailure(exchange: Exchange, error: unknown, logger: Logger): void {
  const { requestId, request, statistics } = exchange;
  if (!(error instanceof Refusal)) logger.error({ requestId, err: error }, 'unforeseen error');
  const refusal: Omit<Refusal, keyof Error> & Pick<Error, 'message'> =
    error instanceof Refusal ? error : internalServerError;
  const { status, code, message, headers, extensions } = refusal;
  statistics.errorCodes[code] = 1;
  const body = JSON.stringify({ errors: [{ message, extensions: { code, requestId, ...extensions } }] });
  const mediaType = negotiateMediaType(request.headers.accept) ?? 'application/json';
  sendBody(exchange, status, `${mediaType}; charset=utf-8`, body, headers);
}

const internalServerError = {
  status: 500,
  code: 'INTERNAL_SERVER_ERROR' satisfies ErrorCode,
  message: 'Something went wrong; report the requestId.',
  headers: {},
  extensions: {},
} as const;
