import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A connection that ends with the test, and what it has received. */
export interface RawConnection {
  readonly socket: Socket;
  received(): string;
  /** Resolves with everything that came, when the gateway has closed the connection. */
  readonly closed: Promise<string>;
}

export function openConnection(url: string): RawConnection {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
  });
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(received));
  });
  return { socket, received: () => received, closed };
}

/** Sends bytes and waits until the gateway closes the connection. */
export function sendBytes(url: string, bytes: string): Promise<string> {
  const { socket, closed } = openConnection(url);
  socket.write(bytes);
  return closed;
}

/** The bytes of a GraphQL request. */
export function requestOf(params: object): string {
  const body = JSON.stringify(params);
  return `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

/** Selects one persona's field repeatedly: one read and a large answer. */
export const manyTimes = (field: string, aliases: number, id: string, representations: number): object =>
  askAgain({ __typename: 'CustomerPersona', id }, representations, aliased(field, aliases));

/** The same for the ids of one agent's personas. */
export const manyListed = (aliases: number, id: number, representations: number): object =>
  askAgain({ __typename: 'Agent', id }, representations, `customerPersonas { ${aliased('id', aliases)} }`);

const aliased = (field: string, aliases: number) =>
  Array.from({ length: aliases }, (_, index) => `a${index}: ${field}`).join(' ');

interface Key {
  readonly __typename: string;
  readonly id: string | number;
}

function askAgain(key: Key, times: number, selection: string): object {
  return {
    query: `query ($keys: [_Any!]!) { _entities(representations: $keys) { ... on ${key.__typename} { ${selection} } } }`,
    variables: { keys: Array.from({ length: times }, () => key) },
  };
}
