import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The most requests of one connection that wait for those before them. */
export const maxWaiting = 16;

/** So many more are ignored, as they may come in one piece with the first that is too many. */
const maxIgnored = 1_000;

/** `refuse`: the first that is too many. `ignore`: one behind it, or behind the connection's last request. */
type Verdict = 'accept' | 'refuse' | 'ignore';

/**
 * Decides which requests of a connection are answered.
 *
 * The number that waits for answers ahead of theirs is limited (RFC 9112, section 9.3.2): clients of GraphQL wait for
 * their answers, and any other could have a hundred thousand requests wait on one connection.
 *
 * A request to upgrade is answered as any other (RFC 9110, section 7.8), and is the connection's last: Node.js drops
 * what arrives in one piece with it, so the next answer could be taken for that of a request that was dropped.
 */
export function createPipelineLimit(): (request: IncomingMessage, response: ServerResponse) => Verdict {
  const waiting = new WeakMap<Socket, number>();
  const ended = new WeakSet<Socket>();

  function judge(socket: Socket, response: ServerResponse): Verdict {
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    if (count > maxWaiting + maxIgnored) socket.destroy();
    if (ended.has(socket)) return 'ignore';
    if (count > maxWaiting) {
      ended.add(socket);
      return 'refuse';
    }
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    return 'accept';
  }

  return ({ socket, headers }, response) => {
    // Node.js gives a response its connection when it is its turn.
    const verdict = response.socket === null ? judge(socket, response) : 'accept';
    if (headers.upgrade !== undefined && verdict === 'accept') {
      response.shouldKeepAlive = false;
      ended.add(socket);
    }
    return verdict;
  };
}
