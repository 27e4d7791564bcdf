import { createServer } from 'node:http';
import { Registry } from 'prom-client';
import { listen } from '../../shared/listen.ts';

/** Serves metrics on a port of its own, which need not be public. */
export interface MetricsServer {
  /**
   * @returns the origin, such as `http://127.0.0.1:9464`
   * @throws an Error whose message says which address is taken or not this machine's
   */
  listen(port: number, host: string): Promise<string>;
  /** Stops listening and destroys all connections. */
  close(): Promise<void>;
}

/**
 * Creates the server of `/metrics`.
 *
 * @param collect returns the metrics in Prometheus' text format
 */
export function createMetricsServer(collect: () => Promise<string>): MetricsServer {
  let collecting: Promise<string> | undefined;
  /** Collects once for simultaneous scrapes. */
  const collectOnce = () => (collecting ??= collect().finally(() => (collecting = undefined)));
  const server = createServer((request, response) => {
    response.setHeader('x-content-type-options', 'nosniff');
    if (response.socket === null) {
      // The client pipelines requests, which no scraper does.
      request.socket.destroy();
    } else if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404, text).end('There is nothing here: metrics are at /metrics.\n');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { ...text, allow: 'GET, HEAD' }).end('Use GET.\n');
    } else {
      collectOnce().then(
        (body) => response.writeHead(200, { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE }).end(body),
        () => response.writeHead(500, text).end('The metrics could not be collected.\n'),
      );
    }
  });
  server.maxConnections = 100;
  // Bounds the time of a client that does not read its answer, too.
  server.timeout = 30_000;
  return {
    listen: (port, host) => listen(server, host, port, 'METRICS_PORT and METRICS_HOST'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const text = { 'content-type': 'text/plain; charset=utf-8' };
