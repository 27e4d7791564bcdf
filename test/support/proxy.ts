import { createServer as createHttpServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { TestCertificate } from './tls.ts';

export interface TestProxy {
  readonly url: string;
  /** The method and the target of every request that it got. */
  readonly requests: string[];
  /** The headers of the last request. */
  headers(): IncomingMessage['headers'];
  /** From now on every request is answered with this status; undefined lets them through again. */
  refuse(status: number | undefined): void;
  /** From now on no request is answered. */
  hang(): void;
}

export interface TestProxyOptions {
  /** What `proxy-authorization` must be. */
  readonly authorization?: string;
  /** Where all tunnels lead, so that the requested host need not exist. */
  readonly destination?: string;
  /** Makes clients connect to the proxy over TLS, on `localhost`. */
  readonly certificate?: TestCertificate;
}

/** An HTTP proxy: CONNECT for tunnels, and the absolute form for plain requests (RFC 9112, section 3.2.2). */
export async function startProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let last: IncomingMessage | undefined;
  let refusal: number | undefined;
  let isHanging = false;

  /** The status of a refusal; 0 lets the request through. */
  function admit(message: IncomingMessage): number {
    requests.push(`${message.method} ${message.url}`);
    last = message;
    if (options.authorization !== message.headers['proxy-authorization']) return 407;
    return refusal ?? 0;
  }

  const server = createHttpServer((message, response) => {
    const status = admit(message);
    if (isHanging) return;
    if (status !== 0) {
      response.writeHead(status).end('<html>canary</html>');
      return;
    }
    const { 'proxy-authorization': _authorization, ...headers } = message.headers;
    const onward = request(message.url ?? '', { method: message.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    message.pipe(onward);
  });
  server.on('connect', (message: IncomingMessage, socket: Socket) => {
    const status = admit(message);
    socket.on('error', () => {});
    if (isHanging) return;
    if (status !== 0) {
      socket.end(`HTTP/1.1 ${status} canary\r\ncontent-length: 6\r\n\r\ncanary`);
      return;
    }
    const { hostname, port } = new URL(options.destination ?? `http://${message.url}`);
    const onward = connect(Number(port || 80), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    sockets.add(onward);
    onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
  });
  const front = options.certificate
    ? createTlsServer(options.certificate, (socket) => server.emit('connection', socket))
    : server;
  front.on('connection', (socket: Socket) => sockets.add(socket));
  front.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => {
    front.listen(0, options.certificate ? 'localhost' : '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    front.close();
  });
  const { port } = front.address() as AddressInfo;
  return {
    url: options.certificate ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    requests,
    headers: () => last?.headers ?? {},
    refuse(status) {
      refusal = status;
    },
    hang() {
      isHanging = true;
    },
  };
}
