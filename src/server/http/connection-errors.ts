import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { sendRefusal } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import type { GracefulClose } from './graceful-close.ts';
import type { OpenExchanges } from './open-exchanges.ts';
import { Refusal } from './refusal.ts';
import type { RequestWatch } from './request-watch.ts';
import { securityHeaders } from './security-headers.ts';

export interface ConnectionErrorsOptions {
  /** The exchanges that have not ended. */
  readonly open: OpenExchanges<Exchange>;
  readonly watch: RequestWatch;
  readonly graceful: GracefulClose;
}

/** Handles the events of Node.js' server for connections whose bytes are no request for the listener. */
interface ConnectionErrorHandler {
  /** For the event `clientError`. */
  onClientError(error: NodeJS.ErrnoException, socket: Duplex): void;
  /** For the event `connect`, a request for a tunnel. Node.js detaches the socket, so the handler must end it. */
  onConnect(request: unknown, socket: Duplex): void;
}

/**
 * Creates the handler of what is not HTTP, arrives too slowly, or is too large for the parser. It answers with a refusal,
 * which repeats nothing of what arrived, and ends the connection. Earlier requests of the connection are answered first.
 */
export function createConnectionErrorHandler(options: ConnectionErrorsOptions): ConnectionErrorHandler {
  const { open, watch, graceful } = options;

  function endWithRefusal(socket: Duplex, reason: string, method: string): void {
    const { status, message, headers = {} } = refusals[reason] ?? malformed;
    const refusal = new Refusal(status, 'BAD_REQUEST', message, { ...headers, connection: 'close' });
    const answer = () => {
      const requestId = randomUUID();
      socket.write(rawAnswer(refusal, requestId));
      watch.recordEarlyRefusal({ method, requestId, status, errorCode: refusal.code, reason });
      graceful.close(socket);
    };
    const last = open.lastOf(socket);
    if (last === undefined) {
      // These bytes are the rest of a request that was answered already.
      if (open.isAnswered(socket)) graceful.close(socket);
      else answer();
      return;
    }
    graceful.discard(socket);
    // A client that closes its side does not wait for the answers.
    socket.once('end', () => socket.destroy());
    const { request, response } = last;
    if (request.complete) {
      // The answer itself, or the client, may have ended the connection.
      response.once('close', () => {
        if (socket.writable) answer();
      });
      return;
    }
    response.shouldKeepAlive = false;
    // An answer that has begun already does not end the connection.
    response.once('close', () => graceful.close(socket));
    sendRefusal(last, refusal);
  }

  return {
    onClientError(error, socket) {
      if (graceful.isDiscarding(socket)) return;
      const isGone = !socket.writable || error.code === 'ECONNRESET' || isUnused(error, socket);
      if (isGone) socket.destroy();
      else endWithRefusal(socket, error.code ?? 'unknown', '');
    },
    onConnect(_request, socket) {
      // Node.js has removed its listeners from the socket.
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        for (const { response } of open.listOf(socket)) response.destroy();
      });
      endWithRefusal(socket, 'CONNECT', 'CONNECT');
    },
  };
}

/** Returns whether a connection has timed out before its first byte, as those that balancers open in advance. */
function isUnused({ code }: NodeJS.ErrnoException, socket: Duplex): boolean {
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket instanceof Socket && socket.bytesRead === 0;
}

function rawAnswer(refusal: Refusal, requestId: string): string {
  const { status } = refusal;
  const body = refusal.bodyFor(requestId);
  const headers = {
    'x-request-id': requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...securityHeaders,
    ...refusal.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}

interface ConnectionRefusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** By the code of the parser's error; for a tunnel by its method. */
const refusals: Partial<Record<string, ConnectionRefusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request came too slowly: send it at once.' },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    message: 'URL and headers are too large: send at most 16 kB of them.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    message: 'The chunk extensions are too large: send none.',
  },
  HPE_PAUSED_H2_UPGRADE: {
    status: 505,
    message: 'Use HTTP/1.1, or a proxy that takes HTTP/2 in front of it.',
  },
  CONNECT: {
    status: 405,
    message: 'This is no proxy: send GraphQL requests with POST.',
    headers: { allow: 'POST' },
  },
};
const malformed: ConnectionRefusal = {
  status: 400,
  message: 'This is not an HTTP/1.1 request as RFC 9112 has it.',
};
