import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import type { Target } from './scenario.ts';

export interface Answer {
  /** 0 where the connection was closed without an answer. */
  readonly status: number;
  readonly text: string;
}

/** What a caller sends beside its body. */
interface Caller {
  readonly key?: string;
  /** The client's address, as a proxy in front has it. */
  readonly address?: string;
  /** @default '/graphql' */
  readonly path?: string;
}

/** Ends the connections of one scenario. */
export interface Client extends Disposable {
  /** Sends a body, JSON unless it is a string; without one a GET. */
  send(body: unknown, caller?: Caller): Promise<Answer>;
  /** Reads a persona of a tenant. */
  read(key: string, id: string, address?: string): Promise<Answer>;
  /** Opens connections, which are not read from until somebody listens. They are reset where they are refused. */
  open(count: number): Promise<Socket[]>;
}

const readOne = 'query ($id: UUID!) { persona(id: $id) { id description } }';

export function createClient({ port }: Pick<Target, 'port'>): Client {
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Socket>();

  async function send(body: unknown, { key, address, path = '/graphql' }: Caller = {}): Promise<Answer> {
    const headers = {
      'content-type': 'application/json',
      ...(key !== undefined && { 'x-api-key': key }),
      ...(address !== undefined && { 'x-forwarded-for': address }),
    };
    const method = body === undefined ? 'GET' : 'POST';
    const sent = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request({ host: '127.0.0.1', port, agent, method, path, headers }, resolve)
          .once('error', reject)
          .end(sent);
      });
      return { status: response.statusCode ?? 0, text: await readText(response) };
    } catch {
      return { status: 0, text: '' };
    }
  }

  function openOne(): Socket {
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    // The gateway may close it, which is what it should do.
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    return socket;
  }

  return {
    send,
    read: (key, id, address) =>
      send({ query: readOne, variables: { id } }, { key, ...(address !== undefined && { address }) }),
    async open(count) {
      const opened: Socket[] = [];
      while (opened.length < count) {
        // No more at once than the queue of a server that is busy takes: the system would try again a second later.
        const batch = Array.from({ length: Math.min(100, count - opened.length) }, openOne);
        await Promise.all(batch.map(settled));
        opened.push(...batch);
      }
      return opened;
    },
    [Symbol.dispose]() {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const settled = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.once('connect', resolve).once('close', resolve);
  });

export const isAnswered = ({ status, text }: Answer): boolean => status === 200 && !text.includes('"errors"');

export const unusedId = (): string => randomUUID();
export const unusedKey = (): string => `invented-${randomUUID()}`;

/** The bytes of a request that POSTs JSON, with headers beside those that it needs. */
export function requestBytes(body: string, headers: readonly string[] = []): string {
  const lines = [
    'POST /graphql HTTP/1.1',
    'host: x',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
