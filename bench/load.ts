// Sends requests as fast as the server answers (closed loop), or at a steady rate (open loop).
import { once } from 'node:events';
import { createConnection } from './connection.ts';
import type { Connection, Expected } from './connection.ts';

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  /** The body of the next request. */
  readonly nextBody: () => string;
  readonly expected: Expected;
}

export interface Load {
  /**
   * Keeps every connection busy.
   *
   * @param goesOn asked before each request
   * @returns how many requests were answered
   * @throws for an unexpected answer
   */
  closedLoop(goesOn: () => boolean): Promise<number>;
  /**
   * Sends requests at a rate, whether or not the ones before have been answered.
   *
   * @returns the duration of each in milliseconds, including its wait for a connection
   * @throws for an unexpected answer
   */
  openLoop(requestsPerSecond: number, durationMs: number): Promise<number[]>;
  close(): void;
}

export async function createLoad(options: LoadOptions): Promise<Load> {
  const { url, connections: count, nextBody, expected } = options;
  const connections = Array.from({ length: count }, () => createConnection(url, expected));
  await Promise.all(connections.map(({ socket }) => once(socket, 'connect')));

  function closedLoop(goesOn: () => boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      let busy = count;
      let answered = 0;
      const next = (connection: Connection) => {
        if (goesOn()) return connection.post(nextBody(), onAnswer, reject);
        busy -= 1;
        if (busy === 0) resolve(answered);
      };
      const onAnswer = (connection: Connection) => {
        answered += 1;
        next(connection);
      };
      for (const connection of connections) next(connection);
    });
  }

  function openLoop(requestsPerSecond: number, durationMs: number): Promise<number[]> {
    return new Promise((resolve, reject) => {
      const latencies: number[] = [];
      const idle = [...connections];
      /** When each of the requests that wait for a connection was due. */
      const waiting: number[] = [];
      const startedAt = performance.now();
      let sent = 0;
      const send = (connection: Connection, dueAt: number) => {
        const onAnswer = () => {
          latencies.push(performance.now() - dueAt);
          const next = waiting.shift();
          if (next === undefined) idle.push(connection);
          else send(connection, next);
        };
        connection.post(nextBody(), onAnswer, reject);
      };
      // Several requests are due at each tick of a millisecond, so latencies include these bursts.
      const tick = () => {
        const now = performance.now();
        const elapsedMs = Math.min(now - startedAt, durationMs);
        for (; sent < (elapsedMs / 1e3) * requestsPerSecond; sent += 1) {
          const connection = idle.pop();
          if (connection === undefined) waiting.push(now);
          else send(connection, now);
        }
        if (elapsedMs < durationMs || latencies.length < sent) setTimeout(tick, 1);
        else resolve(latencies);
      };
      tick();
    });
  }

  return {
    closedLoop,
    openLoop,
    close() {
      for (const { socket } of connections) socket.destroy();
    },
  };
}
