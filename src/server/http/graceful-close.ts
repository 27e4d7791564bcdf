import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Queue } from '../../shared/queue.ts';
import { Timeouts } from '../../shared/timeouts.ts';

/** The most bytes that are discarded after an answer; more destroys the connection. */
export const maxDiscardedBytes = 33_554_432;

/** The fewest bytes that a client must send in each interval of 5 seconds, or of a sixth of `maxLingerMs`. */
const minimumBytes = 65_536;

/**
 * Closes connections so that their clients receive the last answer (RFC 9112, section 9.6). Closing a socket with unread
 * bytes resets the connection, and the client may lose an answer that is in flight. So the sending side is closed first,
 * and arriving bytes are discarded: up to `maxDiscardedBytes`, for at most `maxLingerMs`, and as long as the client sends
 * `minimumBytes` in each interval.
 */
export interface GracefulClose {
  /**
   * Replaces the `destroySoon` of a socket, which Node.js calls after the last answer of a connection: its own destroys
   * the socket at once.
   */
  readonly destroySoon: (this: Socket) => void;
  /** Discards what arrives, so that no further request is read. Answers can still be written. */
  discard(socket: Duplex): void;
  /** Discards what arrives, and ends the connection. */
  close(socket: Duplex): void;
  isDiscarding(socket: Duplex): boolean;
  /** Destroys the sockets that are being closed. */
  destroyAll(): void;
}

/** @param maxLingerMs the longest that a client may go on sending after the last answer, in milliseconds */
export function createGracefulClose(maxLingerMs: number): GracefulClose {
  const timeouts = new Timeouts(Math.min(5_000, Math.ceil(maxLingerMs / 6)));
  const closing = new Queue<Duplex>();
  /** How many bytes each socket has discarded. */
  const discarded = new WeakMap<Duplex, { bytes: number }>();

  function discard(socket: Duplex): { readonly bytes: number } {
    const known = discarded.get(socket);
    if (known !== undefined) return known;
    const count = { bytes: 0 };
    discarded.set(socket, count);
    // Detaches Node.js' parser, which then passes what it reads on to this listener.
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      count.bytes += chunk.length;
      if (count.bytes > maxDiscardedBytes) socket.destroy();
    });
    // Where the parser has paused, the stream waits for a chunk of it: an empty one resumes it.
    socket.push('');
    socket.resume();
    return count;
  }

  function close(socket: Duplex): void {
    // The socket is ended already, or the client has closed it.
    if (socket.writableEnded || socket.destroyed) return;
    const count = discard(socket);
    const entry = closing.add(socket);
    const endsAtMs = performance.now() + maxLingerMs;
    let expectedBytes = count.bytes;
    const check = () => {
      expectedBytes += minimumBytes;
      if (count.bytes < expectedBytes || performance.now() >= endsAtMs) socket.destroy();
      else timeout = timeouts.start(check);
    };
    let timeout = timeouts.start(check);
    socket.once('close', () => {
      closing.delete(entry);
      timeouts.cancel(timeout);
    });
    // Once the client has closed its side, too, Node.js destroys the socket.
    socket.end();
  }

  return {
    destroySoon() {
      close(this);
    },
    discard: (socket) => void discard(socket),
    close,
    isDiscarding: (socket) => discarded.has(socket),
    destroyAll() {
      for (let entry = closing.first; entry !== undefined; entry = closing.first) {
        closing.delete(entry);
        entry.item.destroy();
      }
    },
  };
}
