import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { HttpConfig } from '../../config/index.ts';
import { listen } from '../../shared/listen.ts';
import type { Logger } from '../../observability/logger.ts';
import { maxBodyBytes } from './body.ts';
import { createConnectionErrorHandler } from './connection-errors.ts';
import { openExchange, refuse, sendFailure } from './exchange.ts';
import type { Exchange, Route, ServerContext } from './exchange.ts';
import { createGracefulClose } from './graceful-close.ts';
import { createMediaTypeNegotiator } from './media-type.ts';
import { OpenExchanges } from './open-exchanges.ts';
import { createPipelineLimit, maxWaiting } from './pipelining.ts';
import { Refusal } from './refusal.ts';
import { checkRequest, pathOf } from './request-target.ts';
import type { RequestWatch } from './request-watch.ts';
import { UnsentAnswers } from './unsent-answers.ts';

export interface HttpServerOptions extends HttpConfig {
  /** By exact path. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly logger: Logger;
  readonly watch: RequestWatch;
}

export interface HttpServer {
  /** For a server of the embedder's own: handles requests on the routes, 404 elsewhere. */
  readonly listener: RequestListener;
  /** False from the moment that `close` is called. */
  isReady(): boolean;
  /**
   * @returns the origin, such as `http://127.0.0.1:4000`
   * @throws an Error whose message says which address is taken or not this machine's
   */
  listen(port: number, host: string): Promise<string>;
  /**
   * Serves on for `drainDelayMs`, then takes no new connections, finishes the requests in flight, and cuts
   * off what is left after another `graceMs`. Every answer from the call on closes its connection.
   */
  close(drainDelayMs: number, graceMs: number): Promise<void>;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { routes, logger, watch, maxConnections, receiveTimeoutMs } = options;
  let server: Server | undefined;
  const open = new OpenExchanges<Exchange>();
  const context: ServerContext = {
    isDraining: false,
    unsent: new UnsentAnswers(receiveTimeoutMs),
    negotiate: createMediaTypeNegotiator(),
    watch,
    open,
  };

  const pipelineLimit = createPipelineLimit();
  const graceful = createGracefulClose(receiveTimeoutMs);

  const listener: RequestListener = (request, response) => {
    // With each request: a server of the embedder's own announces no connections.
    request.socket.destroySoon = graceful.destroySoon;
    const verdict = pipelineLimit(request, response);
    if (verdict === 'ignore') {
      request.resume();
      return;
    }
    const path = pathOf(request);
    const route = routes.get(path);
    const exchange = openExchange(request, response, route && path, context);
    const refusal = verdict === 'refuse' ? tooManyWaiting : checkRequest(request);
    if (refusal !== undefined) return refuse(exchange, refusal);
    if (route === undefined) return refuse(exchange, notFound);
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
  let saidAt = Number.NEGATIVE_INFINITY;
  /** At most once a minute: there may be thousands a second. */
  const onDrop = () => {
    if (performance.now() - saidAt < 60_000) return;
    saidAt = performance.now();
    logger.warn({ maxConnections }, 'too many connections: new ones are closed');
  };

  async function drain(drainDelayMs: number, graceMs: number): Promise<void> {
    context.isDraining = true;
    // A server that could not listen has nobody to serve. None at all: the embedder's own listens.
    if (drainDelayMs > 0 && server?.listening !== false) await delay(drainDelayMs);
    // Closing loses what has arrived and was not read yet. One turn of the event loop accepts the connections
    // that wait and reads the old ones, the second reads the new ones.
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
          // Said in the listener, in the form of the other refusals.
          requireHostHeader: false,
          // Longer than a balancer keeps an idle connection (60 s in nginx and AWS' balancers): the one that
          // sends must be the one that closes, or a request meets a connection that is just being closed.
          keepAliveTimeout: 65_000,
        },
        listener,
      );
      server.maxConnections = maxConnections;
      // Among workers: else the primary would hand a connection round for as long as all of them have enough.
      Object.assign(server, { dropMaxConnection: true });
      server.on('clientError', connectionErrors.onClientError);
      server.on('connect', connectionErrors.onConnect);
      server.on('drop', onDrop);
      // A body that will be refused is not asked for; any other expectation may be ignored (RFC 9110, 10.1.1).
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

const tooManyWaiting = new Refusal(
  400,
  'BAD_REQUEST',
  `Wait for answers: at most ${maxWaiting} requests of a connection may wait for others.`,
  { connection: 'close' },
);

const notFound = new Refusal(404, 'BAD_REQUEST', 'There is nothing here: GraphQL is at /graphql.');
