import type { IncomingMessage, ServerResponse } from 'node:http';
import { LightCancellation } from '../../shared/cancellation.ts';
import type { Timeouts } from '../../shared/timeouts.ts';
import type { Logger } from '../../observability/logger.ts';
import type { RequestTrace } from '../../observability/tracing/index.ts';
import type { CallerAccount } from './caller-account.ts';
import { maxDiscardedBytes } from './graceful-close.ts';
import type { MediaTypeNegotiator } from './media-type.ts';
import type { OpenExchanges } from './open-exchanges.ts';
import { Refusal } from './refusal.ts';
import { readRequestId } from './request-id.ts';
import type { RequestWatch } from './request-watch.ts';
import { createStatistics } from './statistics.ts';
import type { RequestStatistics } from './statistics.ts';
import { securityHeaders } from './security-headers.ts';

/** One HTTP request with its answer and its state. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** When the request arrived, on the clock of `performance.now()`. */
  readonly startedAt: number;
  /** Undefined where the request is not traced. */
  readonly trace: RequestTrace | undefined;
  /**
   * Ends the reads of the request. Aborted when an answer begins and when the client goes away; a route may abort it, too.
   */
  readonly cancellation: LightCancellation;
  readonly statistics: RequestStatistics;
  /** What the exchanges of a server share. */
  readonly server: ServerContext;
  /** The account of its caller. */
  account: CallerAccount;
  /** The bytes that the process holds for it. */
  heldBytes: number;
  /** Whether it was ended to free what it held. */
  isEvicted: boolean;
  /** Frees what has arrived of the body; undefined where nothing arrives. */
  discardBody: (() => void) | undefined;
  reserve: Reserve | undefined;
  /** Called before the headers are written, once the statistics are final. */
  beforeAnswer: (() => void) | undefined;
  /** Its index among the open exchanges. */
  position: number;
}

/** Counts the bytes that the process holds for its clients. */
export interface Ledger {
  /** Adds to what an exchange holds. May end exchanges, this one included. */
  add(exchange: Exchange, bytes: number): void;
  /** Subtracts all that an exchange holds. */
  release(exchange: Exchange): void;
  /** Moves an exchange, and what it holds, to the account of its caller. */
  assign(exchange: Exchange, account: CallerAccount): void;
  /** Returns whether there is room for large work of an exchange. */
  hasRoomFor(exchange: Exchange, bytes: number): boolean;
}

/**
 * Called before an operation is executed; may throw or reject with a Refusal.
 *
 * @param reads the most that the operation can cause, writes among them
 * @param points what they count as for the rate limit
 * @returns undefined where it may be executed at once, else resolves when it may
 */
export type Reserve = (reads: number, points: number) => Promise<void> | undefined;

export type Route = (exchange: Exchange) => void | Promise<void>;

/** What the exchanges of a server share. */
export interface ServerContext {
  /** The account of exchanges that no route has assigned to a caller. */
  readonly unassigned: CallerAccount;
  /** Whether the gateway stops: each answer then closes its connection. */
  isDraining: boolean;
  readonly ledger: Ledger;
  /** For answers that the kernel has not taken. */
  readonly writeTimeouts: Timeouts;
  /** Finds the media type of an answer. */
  readonly negotiate: MediaTypeNegotiator;
  readonly watch: RequestWatch;
  readonly open: OpenExchanges<Exchange>;
}

/**
 * Creates the exchange of a request, and records its start and its end.
 *
 * @param route the path of the route, undefined where there is none
 */
export function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  route: string | undefined,
  server: ServerContext,
): Exchange {
  const { watch, open, ledger } = server;
  const exchange: Exchange = {
    request,
    response,
    requestId: readRequestId(request.headers['x-request-id']),
    startedAt: performance.now(),
    trace: watch.start(request, route),
    cancellation: new LightCancellation(),
    statistics: createStatistics(),
    server,
    account: server.unassigned,
    heldBytes: 0,
    isEvicted: false,
    discardBody: undefined,
    reserve: undefined,
    beforeAnswer: undefined,
    position: 0,
  };
  open.add(exchange);
  ledger.add(exchange, exchangeBytes + headerBytesOf(request));
  response.on('close', () => {
    open.delete(exchange);
    ledger.release(exchange);
    const aborted = !response.writableFinished;
    if (aborted) exchange.cancellation.abort(clientLeft);
    watch.end({
      method: request.method ?? '',
      requestId: exchange.requestId,
      route,
      trace: exchange.trace,
      status: aborted ? undefined : response.statusCode,
      durationMs: performance.now() - exchange.startedAt,
      statistics: exchange.statistics,
    });
  });
  return exchange;
}

/** About what Node.js and the gateway hold for a request without headers (measured). */
const exchangeBytes = 4_096;

function headerBytesOf({ rawHeaders }: IncomingMessage): number {
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}

/** The reason of a cancellation because the client went away. */
const clientLeft = new Error('The client went away before it had its answer');

/** The reason of a cancellation because the answer begins, such as while siblings of a null are still read. */
const answered = new Error('The request was answered');

/** Answers with a body. Does nothing where an answer has begun already, or the client is gone. */
export function sendBody(
  exchange: Exchange,
  status: number,
  contentType: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  const { request, response, requestId, server } = exchange;
  if (response.headersSent || response.destroyed) return;
  // Ends all reads first, so that the statistics are final.
  exchange.cancellation.abort(answered);
  exchange.beforeAnswer?.();
  if (server.isDraining || !request.complete) decideKeepAlive(exchange);
  const length = Buffer.byteLength(body);
  // With all headers at once and a string as the body, Node.js makes one string and one write of both. A string with as
  // many bytes as characters is ASCII, which `latin1` writes at half the cost of `utf8`.
  response
    .writeHead(status, {
      'x-request-id': requestId,
      'content-type': contentType,
      'content-length': length,
      'cache-control': 'no-store',
      ...securityHeaders,
      ...headers,
      ...(headers['vary'] !== undefined &&
        response.hasHeader('vary') && { vary: `${String(response.getHeader('vary'))}, ${headers['vary']}` }),
    })
    .end(body, length === body.length ? 'latin1' : 'utf8');
  if (response.writableLength > 0) watchWrite(exchange);
}

/** Counts what the kernel has not taken of an answer, and ends its connection where the client does not read it in time. */
function watchWrite(exchange: Exchange): void {
  const { request, response } = exchange;
  const { ledger, writeTimeouts } = exchange.server;
  ledger.add(exchange, response.writableLength);
  const watch = () => {
    if (response.writableLength === 0) return;
    const timeout = writeTimeouts.start(() => void request.socket.destroy());
    response.once('close', () => writeTimeouts.cancel(timeout));
  };
  if (response.socket !== null) return watch();
  // It waits for the answers before it. Node.js writes it right after the event.
  response.once('socket', () => void setImmediate(watch));
}

/** Answers that what the client has is still the same (RFC 9110, section 15.4.5). */
export function sendNotModified(exchange: Exchange, headers: Readonly<Record<string, string>>): void {
  const { response, requestId } = exchange;
  if (response.headersSent || response.destroyed) return;
  decideKeepAlive(exchange);
  response.writeHead(304, { 'x-request-id': requestId, ...securityHeaders, ...headers }).end();
}

/**
 * Decides whether the connection stays open after the answer; to be called before the headers are written. The rest of a
 * body that has not arrived in full is discarded, so its length must be bounded.
 */
export function decideKeepAlive({ request, response, server }: Exchange): void {
  // On an open connection requests could arrive after the server has stopped listening.
  if (server.isDraining) response.shouldKeepAlive = false;
  if (request.complete) return;
  if (Number(request.headers['content-length'] ?? 0) > maxDiscardedBytes) response.shouldKeepAlive = false;
  else if (request.headers['transfer-encoding'] !== undefined) limitRemainingBody(request);
}

/** Destroys the connection once more than `maxDiscardedBytes` of a chunked body have arrived after the answer. */
function limitRemainingBody(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxDiscardedBytes) request.socket.destroy();
  });
}

/** Answers with a GraphQL error; an error that is no Refusal is logged and masked. */
export function sendFailure(exchange: Exchange, error: unknown, logger: Logger): void {
  if (error instanceof Refusal) return sendRefusal(exchange, error);
  logger.error({ requestId: exchange.requestId, err: error }, 'unforeseen error');
  sendRefusal(exchange, internalServerError);
}

/** Answers with a refusal. Does the same as a route that throws it, at a fraction of the cost. */
export function sendRefusal(exchange: Exchange, refusal: Refusal): void {
  const { requestId, request, statistics, server } = exchange;
  statistics.errorCodes[refusal.code] = 1;
  const mediaType = server.negotiate(request.headers.accept) ?? 'application/json';
  sendBody(
    exchange,
    refusal.status,
    `${mediaType}; charset=utf-8`,
    refusal.bodyFor(requestId),
    refusal.headers,
  );
}

const internalServerError = new Refusal(
  500,
  'INTERNAL_SERVER_ERROR',
  'Something went wrong; report the requestId.',
);
