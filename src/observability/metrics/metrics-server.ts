import { createServer } from 'node:http';
import { Registry } from 'prom-client';
import { listen } from '../../shared/listen.ts';

/** Answers those who scrape; on a port of its own, which the world need not reach. */
export interface MetricsServer {
  /**
   * @returns the origin, such as `http://127.0.0.1:9464`
   * @throws an Error whose message says which address is taken or not this machine's
   */
  listen(port: number, host: string): Promise<string>;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** @param collect gives the metrics in Prometheus' text format */
export function createMetricsServer(collect: () => Promise<string>): MetricsServer {
  let collecting: Promise<string> | undefined;
  /** For all who ask at the same time. */
  const collectOnce = () => (collecting ??= collect().finally(() => (collecting = undefined)));
  const server = createServer((request, response) => {
    response.setHeader('x-content-type-options', 'nosniff');
    if (response.socket === null) {
      // It does not wait for the answer before: no scraper is like that.
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
  // For those who do not take their answer, too.
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
