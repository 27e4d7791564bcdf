import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../observability/logger.ts';
import { sendFailure } from './exchange.ts';
import type { OpenExchanges } from './open-exchanges.ts';
import { Refusal } from './refusal.ts';
import { securityHeaders } from './security-headers.ts';

export interface ConnectionErrorsOptions {
  /** The exchanges that have not ended. */
  readonly open: OpenExchanges;
  readonly logger: Logger;
  /** How long a client may go on sending after it was refused, so that it gets to see why. @default 1000 */
  readonly lingerMs?: number;
}

/** Answers what is not HTTP, comes too slowly, or is too large for the parser. Repeats nothing of it. */
export function createConnectionErrorHandler(options: ConnectionErrorsOptions) {
  const { open, logger, lingerMs = 1_000 } = options;
  const refused = new WeakSet<Socket>();
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    // What it goes on sending is thrown away.
    if (refused.has(socket)) return;
    // The client is gone.
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const [status, message] = refusals[error.code ?? ''] ?? malformed;
    const exchange = open.list().find(({ response }) => response.socket === socket);
    if (exchange?.request.complete === true) {
      // What came after a good request is wrong: that one is still answered.
      exchange.response.shouldKeepAlive = false;
      exchange.response.once('close', () => socket.destroy());
      return;
    }
    if (exchange?.response.headersSent === true) return void socket.destroy();
    refused.add(socket);
    if (exchange === undefined) {
      const requestId = randomUUID();
      socket.end(rawAnswer(status, message, requestId));
      logger.info({ requestId, route: 'unknown', status, reason: error.code }, 'request');
    } else {
      sendFailure(exchange, new Refusal(status, 'BAD_REQUEST', message, { connection: 'close' }), logger);
    }
    // To close at once would reset the connection of a client that is sending, and lose the answer.
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(timer)).resume();
  };
}

function rawAnswer(status: number, message: string, requestId: string): string {
  const body = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_REQUEST', requestId } }] });
  const headers = {
    'x-request-id': requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...securityHeaders,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}

/** By the code of the parser's error. */
const refusals: Partial<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request came too slowly: send it at once.'],
  HPE_HEADER_OVERFLOW: [431, 'URL and headers are too large: send at most 16 kB of them.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions are too large: send none.'],
};
const malformed = [400, 'This is not an HTTP/1.1 request as RFC 9112 has it.'] as const;
