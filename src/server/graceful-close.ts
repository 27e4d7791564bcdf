import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Queue } from '../queue.ts';
import { Timeouts } from '../timeouts.ts';

/** The most bytes that a client may go on sending after its answer; more ends the connection at once. */
export const maxDiscardedBytes = 33_554_432;

export interface GracefulCloseOptions {
  /** How long a client may go on sending after the last answer, in milliseconds. @default 5000 */
  readonly lingerMs?: number;
}

/**
 * Closes connections so that their clients receive the last answer (RFC 9112, section 9.6). To close a socket with
 * unread bytes resets the connection, and the client may lose an answer that is under way. So the sending side is
 * closed first, and what still arrives is read and discarded, up to `maxDiscardedBytes` and for `lingerMs`.
 */
export interface GracefulClose {
  /** Makes Node.js close a new connection gracefully, too, after an answer with `Connection: close`. */
  adopt(socket: Socket): void;
  /** Discards what arrives from now on: no further request is read. Answers may still be written. */
  discard(socket: Duplex): void;
  /** Discards what arrives from now on, and ends the connection. */
  close(socket: Duplex): void;
  isDiscarding(socket: Duplex): boolean;
  /** Ends at once what is being closed. */
  destroyAll(): void;
}

export function createGracefulClose({ lingerMs = 5_000 }: GracefulCloseOptions = {}): GracefulClose {
  const timeouts = new Timeouts(lingerMs);
  const closing = new Queue<Duplex>();
  const discarding = new WeakSet<Duplex>();

  function discard(socket: Duplex): void {
    if (discarding.has(socket)) return;
    discarding.add(socket);
    let bytes = 0;
    // Detaches Node.js' parser: a listener of our own makes it return what it reads from the socket's handle.
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxDiscardedBytes) socket.destroy();
    });
    // Where the parser had stopped to read, the stream would wait for its chunk: an empty one starts it again.
    socket.push('');
    socket.resume();
  }

  function close(socket: Duplex): void {
    // Ended already, or closed by the client.
    if (socket.writableEnded || socket.destroyed) return;
    discard(socket);
    const entry = closing.add(socket);
    const timeout = timeouts.start(() => socket.destroy());
    socket.once('close', () => {
      closing.delete(entry);
      timeouts.cancel(timeout);
    });
    // Once the client has closed its side, too, Node.js destroys the socket.
    socket.end();
  }

  return {
    adopt(socket) {
      // Node.js calls it once the last answer is written. Its own destroys the socket then.
      socket.destroySoon = () => close(socket);
    },
    discard,
    close,
    isDiscarding: (socket) => discarding.has(socket),
    destroyAll() {
      for (let entry = closing.first; entry !== undefined; entry = closing.first) {
        closing.delete(entry);
        entry.item.destroy();
      }
    },
  };
}
