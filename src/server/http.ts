import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../observability/logger.ts';
import { openExchange, sendFailure } from './exchange.ts';
import type { Route } from './exchange.ts';
import { Refusal } from './refusal.ts';
import type { RequestWatch } from './request-watch.ts';

export interface HttpServerOptions {
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
  /** @returns the origin, such as `http://127.0.0.1:4000` */
  listen(port: number, host: string): Promise<string>;
  /**
   * Serves on for `drainDelayMs`, then takes no new connections, finishes the requests in flight, and cuts
   * off what is left after another `graceMs`. Every answer from the call on closes its connection.
   */
  close(drainDelayMs: number, graceMs: number): Promise<void>;
}

export function createHttpServer({ routes, logger, watch }: HttpServerOptions): HttpServer {
  let draining = false;
  let server: Server | undefined;
  const open = new Set<ServerResponse>();
  const isDraining = () => draining;

  const listener: RequestListener = (request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    const [path = ''] = (request.url ?? '').split('?', 1);
    const route = routes.get(path);
    const exchange = openExchange(request, response, route && path, isDraining, watch);
    const handle = async () => (route ?? notFound)(exchange);
    handle().catch((error: unknown) => {
      if (!response.destroyed) sendFailure(exchange, error, logger);
    });
  };

  async function drain(drainDelayMs: number, graceMs: number): Promise<void> {
    draining = true;
    // A server that could not listen has nobody to serve. None at all: the embedder's own listens.
    if (drainDelayMs > 0 && server?.listening !== false) await delay(drainDelayMs);
    // Closing loses what has arrived and was not read yet. One turn of the event loop accepts the connections
    // that wait and reads the old ones, the second reads the new ones.
    await setImmediate();
    await setImmediate();
    const answered = [...open].map((response) => once(response, 'close'));
    const stopped = server?.listening === true ? once(server.close(), 'close') : undefined;
    const timer = setTimeout(() => {
      for (const response of open) response.destroy();
      server?.closeAllConnections();
    }, graceMs);
    await Promise.all([...answered, stopped]);
    clearTimeout(timer);
  }

  return {
    listener,
    isReady: () => !draining,
    async listen(port, host) {
      server = createServer(
        {
          headersTimeout: 10_000,
          requestTimeout: 30_000,
          connectionsCheckingInterval: 1_000,
          // Longer than a balancer keeps an idle connection (60 s in nginx and AWS' balancers): the one that
          // sends must be the one that closes, or a request meets a connection that is just being closed.
          keepAliveTimeout: 65_000,
        },
        listener,
      );
      const listening = server;
      await new Promise<void>((resolve, reject) => {
        listening.once('error', reject).listen(port, host, resolve);
      });
      const address = listening.address() as AddressInfo;
      return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
    },
    close: drain,
  };
}

const notFound: Route = () => {
  throw new Refusal(404, 'BAD_REQUEST', 'There is nothing here: GraphQL is at /graphql.');
};
