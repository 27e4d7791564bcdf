import { createServer } from 'node:http';
import type { RequestListener, ServerOptions } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts an HTTP server of the test's in place of Bluejay. */
export async function startHttpUpstream(
  listener: RequestListener,
  options: ServerOptions = {},
): Promise<string> {
  const server = createServer(options, listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return listen(server);
}

/**
 * Starts a Bluejay whose personas have descriptions of 40 kB: 320 of them are more than the kernel's buffers hold of an
 * answer that nobody reads.
 */
export const startWordyUpstream = (): Promise<string> =>
  startHttpUpstream(({ url = '' }, response) => {
    response.end(JSON.stringify({ id: url.slice(-36), description: 'x'.repeat(40_000) }));
  });

/** Starts a raw TCP server: `answer` gets each request's bytes and the socket. */
export async function startTcpUpstream(answer: (socket: Socket, request: string) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => answer(socket, bytes.toString('latin1')));
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listen(server);
}
