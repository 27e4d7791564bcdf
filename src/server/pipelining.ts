import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The most requests of one connection that wait for those before them. */
export const maxWaiting = 16;

/** So many more are passed over, as they may come in one piece with the first that was too many. */
const maxIgnored = 1_000;

/** `refuse`: the first that is too many. `ignore`: one behind it. */
type Verdict = 'accept' | 'refuse' | 'ignore';

/**
 * Limits how many requests a connection brings before those ahead are answered (RFC 9112, section 9.3.2). Clients of
 * GraphQL wait for their answers; whoever does not could have a hundred thousand requests wait on one connection.
 */
export function createPipelineLimit(): (request: IncomingMessage, response: ServerResponse) => Verdict {
  const waiting = new WeakMap<Socket, number>();
  return ({ socket }, response) => {
    // Node.js gives a response its connection when it is its turn.
    if (response.socket !== null) return 'accept';
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    if (count > maxWaiting + maxIgnored) socket.destroy();
    if (count > maxWaiting) return count === maxWaiting + 1 ? 'refuse' : 'ignore';
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    return 'accept';
  };
}
