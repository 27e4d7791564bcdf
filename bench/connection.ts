// One keep-alive connection with as little work as possible: a client library costs more than the server under test,
// which would never be busy then.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** The expected answer under load: all ids of a scenario have one length, and so have its answers. */
export interface Expected {
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
}

export interface Connection {
  readonly socket: Socket;
  /** Sends one request. Only one at a time; the callback may send the next. */
  post(body: string, onAnswer: (connection: Connection) => void, onError: (error: Error) => void): void;
}

export const requestHeaders = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
};

const ignore = (): void => {};

export function createConnection(url: string, { status, bytes }: Expected): Connection {
  const { hostname, port, host } = new URL(url);
  const headers = Object.entries({ host, ...requestHeaders }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST /graphql HTTP/1.1\r\n${headers.join('')}content-length: `;
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let onAnswer: (connection: Connection) => void = ignore;
  let onError: (error: Error) => void = ignore;
  let received: Buffer | undefined;

  const connection: Connection = {
    socket,
    post(body, answerListener, errorListener) {
      onAnswer = answerListener;
      onError = errorListener;
      // The bodies are ASCII: a character is a byte.
      socket.write(`${head}${body.length}\r\n\r\n${body}`, 'latin1');
    },
  };

  socket.on('data', (chunk: Buffer) => {
    received = received === undefined ? chunk : Buffer.concat([received, chunk]);
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const answerHead = received.toString('latin1', 0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(answerHead)?.[1]);
    if (length === bytes && answerHead.startsWith(`HTTP/1.1 ${status} `)) {
      if (received.length < headEnd + 4 + length) return;
      received = undefined;
      onAnswer(connection);
    } else {
      onError(new Error(`Under load the answer was not the ${status} with ${bytes} bytes: ${answerHead}`));
      socket.destroy();
    }
  });
  socket.setTimeout(30_000, () => onError(new Error('The server did not answer within 30 s.')));
  socket.on('error', (error) => onError(error));
  socket.on('end', () => onError(new Error('The server closed a connection.')));
  return connection;
}
