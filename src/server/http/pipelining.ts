import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The most requests of one connection that wait for those before them. */
const maxWaiting = 16;

/**
 * Decides which requests of a connection are answered.
 *
 * The number that waits for answers ahead of theirs is limited (RFC 9112, section 9.3.2). One more ends the connection,
 * and the parsing of what arrived with it: a single piece may hold a thousand.
 *
 * Whoever sends requests without waiting for answers has not shown that it reads them, and the kernel may have taken them
 * all. So its connection is not kept for as long as others when it is idle. Requests that are answered at once never wait:
 * those that arrive in one piece with the one before them count as well.
 *
 * A request to upgrade is answered as any other (RFC 9110, section 7.8), and is the connection's last: Node.js drops
 * what arrives in one piece with it, so the next answer could be taken for that of a request that was dropped.
 *
 * @param idleTimeoutMs how long a connection stays open after its last answer where requests were sent without waiting
 * @param onTooMany called with the first request too many of a connection
 * @returns false for a request that is not to be answered
 */
export function createPipelineLimit(
  idleTimeoutMs: number,
  onTooMany: (request: IncomingMessage) => void,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const waiting = new WeakMap<Socket, number>();
  const ended = new WeakSet<Socket>();
  /** How many bytes a connection had received when its last request arrived. */
  const receivedBytes = new WeakMap<Socket, number>();

  /** After Node.js, which would keep the connection open for much longer. */
  function limitIdleTime(socket: Socket): void {
    if ((waiting.get(socket) ?? 0) === 0) socket.setTimeout(idleTimeoutMs);
  }

  function mayWait(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    if (ended.has(socket)) return false;
    const count = (waiting.get(socket) ?? 0) + 1;
    if (count > maxWaiting) {
      ended.add(socket);
      onTooMany(request);
      stopParser(socket);
      socket.destroy();
      return false;
    }
    waiting.set(socket, count);
    response.once('close', () => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      limitIdleTime(socket);
    });
    return true;
  }

  return (request, response) => {
    const { socket } = request;
    const { bytesRead } = socket;
    const isInOnePiece = receivedBytes.get(socket) === bytesRead;
    receivedBytes.set(socket, bytesRead);
    // Node.js gives a response its connection when it is its turn.
    if (response.socket === null) {
      if (!mayWait(request, response)) return false;
    } else if (isInOnePiece) response.once('close', () => limitIdleTime(socket));
    if (request.headers.upgrade !== undefined) {
      response.shouldKeepAlive = false;
      ended.add(socket);
    }
    return true;
  };
}

/**
 * Makes Node.js' parser fail at the next head. It has no public method for that: `destroy` lets it parse, and create, every
 * request that arrived in the same piece. Where a version of Node.js calls another callback, it does just that again.
 *
 * @see https://github.com/nodejs/llhttp#callbacks -1 from `on_headers_complete` is an error
 */
function stopParser(socket: Socket & { parser?: { onIncoming: () => number } | null }): void {
  if (socket.parser) socket.parser.onIncoming = fail;
}

const fail = () => -1;
