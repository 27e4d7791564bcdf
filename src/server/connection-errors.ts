import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { refuse as refuseExchange } from './exchange.ts';
import type { OpenExchanges } from './open-exchanges.ts';
import { Refusal } from './refusal.ts';
import type { RequestWatch } from './request-watch.ts';
import { securityHeaders } from './security-headers.ts';

export interface ConnectionErrorsOptions {
  /** The exchanges that have not ended. */
  readonly open: OpenExchanges;
  readonly watch: RequestWatch;
  /** How long a client may go on sending after it was refused, so that it gets to see why. @default 1000 */
  readonly lingerMs?: number;
}

/** What Node.js tells of a connection that brings no request for the listener. */
interface ConnectionErrorHandler {
  /** `clientError` */
  onClientError(error: NodeJS.ErrnoException, socket: Duplex): void;
  /** `connect`: whoever asks for a tunnel. From here on the socket is nobody's but ours. */
  onConnect(request: unknown, socket: Duplex): void;
}

/** Answers what is not HTTP, comes too slowly, or is too large for the parser. Repeats nothing of it. */
export function createConnectionErrorHandler(options: ConnectionErrorsOptions): ConnectionErrorHandler {
  const { open, watch, lingerMs = 1_000 } = options;
  const refused = new WeakSet<Duplex>();

  function refuse(socket: Duplex, reason: string, method: string): void {
    const { status, message, headers = {} } = refusals[reason] ?? malformed;
    const refusal = new Refusal(status, 'BAD_REQUEST', message, { ...headers, connection: 'close' });
    const exchange = open.list().find(({ response }) => response.socket === socket);
    if (exchange?.request.complete === true) {
      // What came after a good request is wrong: that one is still answered.
      exchange.response.shouldKeepAlive = false;
      exchange.response.once('close', () => socket.destroy());
      // Unless the client leaves, which only those see who read.
      socket.once('end', () => socket.destroy()).resume();
      return;
    }
    // Such a request has had its answer, and nobody waits for another one.
    if (exchange?.response.headersSent === true || open.isAnswered(socket)) return void socket.destroy();
    refused.add(socket);
    if (exchange === undefined) {
      const requestId = randomUUID();
      socket.end(rawAnswer(refusal, requestId));
      watch.refuse({ method, requestId, status, errorCode: refusal.code, reason });
    } else {
      refuseExchange(exchange, refusal);
    }
    // To close at once would reset the connection of a client that is sending, and lose the answer.
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(timer)).resume();
  }

  return {
    onClientError(error, socket) {
      // What it goes on sending is thrown away.
      if (refused.has(socket)) return;
      const isGone = !socket.writable || error.code === 'ECONNRESET' || isUnused(error, socket);
      if (isGone) socket.destroy();
      else refuse(socket, error.code ?? 'unknown', '');
    },
    onConnect(_request, socket) {
      // Node.js listens no more.
      socket.on('error', () => socket.destroy());
      refuse(socket, 'CONNECT', 'CONNECT');
    },
  };
}

/** A connection in stock, as balancers keep them: who has asked nothing waits for no answer. */
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

/** By the code of the parser's error, and for a method that has an event of its own. */
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
