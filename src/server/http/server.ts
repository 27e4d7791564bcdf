import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { HttpConfig } from '../../config/index.ts';
import { listen } from '../../shared/listen.ts';
import { Timeouts } from '../../shared/timeouts.ts';
import type { Logger } from '../../observability/logger.ts';
import { maxBodyBytes } from './body.ts';
import { createCallerAccount } from './caller-account.ts';
import { createConnectionErrorHandler } from './connection-errors.ts';
import { openExchange, sendFailure, sendRefusal } from './exchange.ts';
import type { Exchange, Ledger, Route, ServerContext } from './exchange.ts';
import { createGracefulClose } from './graceful-close.ts';
import { createMediaTypeNegotiator } from './media-type.ts';
import type { OpenExchanges } from './open-exchanges.ts';
import { createPipelineLimit } from './pipelining.ts';
import { Refusal } from './refusal.ts';
import { checkRequest, pathOf } from './request-target.ts';
import type { RequestWatch } from './request-watch.ts';

export interface HttpServerOptions extends HttpConfig {
  /** The routes by their exact path. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly logger: Logger;
  readonly watch: RequestWatch;
  readonly open: OpenExchanges<Exchange>;
  readonly ledger: Ledger;
}

export interface HttpServer {
  /** Handles the requests of a server of the embedder's own: the routes, and 404 for other paths. */
  readonly listener: RequestListener;
  /** Returns false once `close` was called. */
  isReady(): boolean;
  /**
   * @returns the origin, such as `http://127.0.0.1:4000`
   * @throws an Error whose message says which address is taken or not this machine's
   */
  listen(port: number, host: string): Promise<string>;
  /**
   * Goes on serving for `drainDelayMs`, then stops listening, finishes the requests in flight, and destroys the sockets
   * that are left after another `graceMs`. Every answer since the call closes its connection.
   */
  close(drainDelayMs: number, graceMs: number): Promise<void>;
}

/** Creates the server with its routes, without listening yet. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { routes, logger, watch, open, ledger, maxConnections } = options;
  const { receiveTimeoutMs, keepAliveTimeoutMs } = options;
  let server: Server | undefined;
  const context: ServerContext = {
    isDraining: false,
    unassigned: createCallerAccount(''),
    ledger,
    writeTimeouts: new Timeouts(receiveTimeoutMs),
    negotiate: createMediaTypeNegotiator(),
    watch,
    open,
  };

  const mayAnswer = createPipelineLimit(Math.ceil(receiveTimeoutMs / 2), ({ method = '' }) => {
    watch.recordEarlyRefusal({
      method,
      requestId: randomUUID(),
      status: 400,
      errorCode: 'BAD_REQUEST',
      reason: 'too_many_pipelined',
    });
  });
  const graceful = createGracefulClose(receiveTimeoutMs);

  const listener: RequestListener = (request, response) => {
    if (!mayAnswer(request, response)) return;
    // Set by each request, because a server of the embedder's own does not report new connections here.
    request.socket.destroySoon = graceful.destroySoon;
    const path = pathOf(request);
    const route = routes.get(path);
    const exchange = openExchange(request, response, route && path, context);
    const refusal = checkRequest(request);
    if (refusal !== undefined) return sendRefusal(exchange, refusal);
    if (route === undefined) return sendRefusal(exchange, notFound);
    const fail = (error: unknown) => {
      if (!response.destroyed) sendFailure(exchange, error, logger);
    };
    try {
      const pending = route(exchange);
      if (pending instanceof Promise) pending.catch(fail);
    } catch (error) {
      fail(error);
    }
  };

  const connectionErrors = createConnectionErrorHandler({ open, watch, graceful });
  let warnedAtMs = Number.NEGATIVE_INFINITY;
  let closedIdleAtMs = Number.NEGATIVE_INFINITY;
  /** Makes room for the next connection: idle ones may belong to clients that never read their answer. */
  const onDrop = () => {
    const nowMs = performance.now();
    if (nowMs - closedIdleAtMs >= 1_000) {
      closedIdleAtMs = nowMs;
      server?.closeIdleConnections();
    }
    // Logs at most once a minute, because thousands of connections may be dropped in a second.
    if (nowMs - warnedAtMs < 60_000) return;
    warnedAtMs = nowMs;
    logger.warn({ maxConnections }, 'too many connections: new ones, and idle ones, are closed');
  };

  async function drain(drainDelayMs: number, graceMs: number): Promise<void> {
    context.isDraining = true;
    // A server that failed to listen has no clients. Without a server, the embedder's own listens.
    if (drainDelayMs > 0 && server?.listening !== false) await delay(drainDelayMs);
    // Closing discards what has arrived and was not read yet. The first turn of the event loop accepts the waiting
    // connections and reads from the old ones, the second reads from the new ones.
    await setImmediate();
    await setImmediate();
    const answered = open.list().map(({ response }) => once(response, 'close'));
    const stopped = server?.listening === true ? once(server.close(), 'close') : undefined;
    const timer = setTimeout(() => {
      for (const { response } of open.list()) response.destroy();
      server?.closeAllConnections();
      graceful.destroyAll();
    }, graceMs);
    await Promise.all([...answered, stopped]);
    clearTimeout(timer);
  }

  return {
    listener,
    isReady: () => !context.isDraining,
    async listen(port, host) {
      server = createServer(
        {
          headersTimeout: Math.min(10_000, Math.ceil(receiveTimeoutMs / 3)),
          requestTimeout: receiveTimeoutMs,
          connectionsCheckingInterval: Math.min(1_000, Math.ceil(receiveTimeoutMs / 6)),
          // The listener refuses a missing `Host`, in the form of the other refusals.
          requireHostHeader: false,
          // The sender must close first, or a request meets a connection that is just being closed. Balancers
          // keep an idle connection for 60 s (nginx, AWS), Cosmo Router for 90 s.
          keepAliveTimeout: keepAliveTimeoutMs,
        },
        listener,
      );
      server.maxConnections = maxConnections;
      // Without it, the primary of several workers passes a connection on until a worker has room.
      Object.assign(server, { dropMaxConnection: true });
      server.on('clientError', connectionErrors.onClientError);
      server.on('connect', connectionErrors.onConnect);
      server.on('drop', onDrop);
      // Invites only a body that will be accepted; other expectations may be ignored (RFC 9110, section 10.1.1).
      server.on('checkContinue', (request, response) => {
        if (Number(request.headers['content-length'] ?? 0) <= maxBodyBytes) response.writeContinue();
        listener(request, response);
      });
      server.on('checkExpectation', listener);
      return listen(server, host, port, 'PORT and HOST');
    },
    close: drain,
  };
}

/** The answer for a path without a route. */
export const notFound = new Refusal(404, 'BAD_REQUEST', 'There is nothing here: GraphQL is at /graphql.');
