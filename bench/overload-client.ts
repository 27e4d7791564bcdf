// An open-loop client: it sends requests at a rate, without waiting for answers.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { requestHeaders } from './connection.ts';

export interface Sent {
  /** When it was due, in milliseconds from the start of the run. */
  readonly dueMs: number;
  readonly tookMs: number;
  readonly status: number;
}

export interface Clients {
  /** Sends at a rate. Resolves when the time is over; what is not answered by then is status 0. */
  openLoop(requestsPerSecond: number, durationMs: number): Promise<Sent[]>;
  /** Keeps some of the connections busy, and waits for their last answers. @returns how many of 200 came a second */
  closedLoop(connections: number, durationMs: number): Promise<number>;
  close(): void;
}

interface Connection {
  readonly socket: Socket;
  onAnswer: (status: number) => void;
}

/** What stands for the status of a 200 that is not whole. */
export const partial = -200;

/**
 * @param load.bodies sent in turns
 * @param load.bytes of the body of a whole answer
 */
export async function createClients(
  url: string,
  count: number,
  { bodies, bytes }: { readonly bodies: readonly string[]; readonly bytes: number },
): Promise<Clients> {
  const { hostname, port, host } = new URL(url);
  const headers = Object.entries({ host, ...requestHeaders }).map(([name, value]) => `${name}: ${value}\r\n`);
  // Prepared once: building each request would cost the client more than a refusal costs the gateway.
  const requests = bodies.map((body) =>
    Buffer.from(`POST /graphql HTTP/1.1\r\n${headers.join('')}content-length: ${body.length}\r\n\r\n${body}`),
  );
  let posted = 0;
  const connections = Array.from({ length: count }, (): Connection => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const connection: Connection = { socket, onAnswer() {} };
    // The gateway closes idle connections.
    socket.on('error', () => {}).once('close', () => connection.onAnswer(0));
    let expected = 0;
    let status = 0;
    let length = 0;
    socket.on('data', (chunk: Buffer) => {
      if (length === 0) {
        // The head is short, so it is in the first chunk.
        const text = chunk.toString('latin1', 0, 1_500);
        status = Number(text.slice(9, 12));
        const bodyBytes = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1]);
        if (status === 200 && bodyBytes !== bytes) status = partial;
        expected = text.indexOf('\r\n\r\n') + 4 + bodyBytes;
      }
      length += chunk.length;
      if (length < expected) return;
      length = 0;
      connection.onAnswer(status);
    });
    return connection;
  });
  await Promise.all(connections.map(({ socket }) => once(socket, 'connect')));
  const idle = [...connections];

  function post(connection: Connection, onAnswer: (status: number) => void): void {
    connection.onAnswer = (status) => {
      connection.onAnswer = () => {};
      onAnswer(status);
    };
    connection.socket.write(requests[posted % requests.length] ?? '');
    posted += 1;
  }

  function openLoop(requestsPerSecond: number, durationMs: number): Promise<Sent[]> {
    return new Promise((resolve) => {
      const all: { dueMs: number; tookMs: number; status: number }[] = [];
      const startedAt = performance.now();
      const send = (dueMs: number) => {
        const sent = { dueMs, tookMs: Number.POSITIVE_INFINITY, status: 0 };
        all.push(sent);
        let connection = idle.pop();
        while (connection?.socket.destroyed === true) connection = idle.pop();
        // All connections wait for answers, so the client cannot send.
        if (connection === undefined) return;
        post(connection, (status) => {
          sent.tookMs = performance.now() - startedAt - dueMs;
          sent.status = status;
          idle.push(connection);
        });
      };
      const tick = () => {
        const elapsedMs = performance.now() - startedAt;
        while (all.length < (Math.min(elapsedMs, durationMs) / 1e3) * requestsPerSecond) send(elapsedMs);
        if (elapsedMs < durationMs) setTimeout(tick, 1);
        else resolve(all);
      };
      tick();
    });
  }

  function closedLoop(busy: number, durationMs: number): Promise<number> {
    return new Promise((resolve) => {
      let good = 0;
      let isOver = false;
      let open = 0;
      const next = (connection: Connection) =>
        post(connection, (status) => {
          if (!isOver) {
            if (status === 200) good += 1;
            return next(connection);
          }
          idle.push(connection);
          open -= 1;
          if (open === 0) resolve((good / durationMs) * 1e3);
        });
      for (const connection of idle.splice(-busy)) {
        open += 1;
        next(connection);
      }
      setTimeout(() => {
        isOver = true;
      }, durationMs);
    });
  }

  return {
    openLoop,
    closedLoop,
    close() {
      for (const { socket } of connections) socket.destroy();
    },
  };
}
