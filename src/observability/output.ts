import { constants, fstatSync, openSync, writeSync } from 'node:fs';

export interface OutputOptions {
  /** The most bytes that wait for a slow reader; further text is dropped. @default 1048576 */
  readonly maxWaitingBytes?: number;
  /** Called when text is dropped after all before it was written, with the code of the system's error. */
  readonly onLoss?: (code: string) => void;
  /** Called when text is written again, with the number of writes that were dropped. */
  readonly onRecovery?: (lostWrites: number) => void;
}

/** Standard output or standard error, whatever is behind it: a file, a pipe, a socket, a terminal. */
export interface Output {
  /** Writes at once where the system takes it. Never throws, and waits for no reader. */
  write(text: string): void;
  /** Writes what waits for the reader, for half a second at the most: meant for the end of the process. */
  flush(): void;
}

/** How long a reader that has taken nothing is left alone. */
const retryMs = 10;
const maxFlushMs = 500;

/**
 * Writes to the file descriptor itself. Node.js' streams stay closed after an error, and its threads cannot end while
 * a write hangs, so neither could go on after a full disk or end with a pipe that nobody reads.
 */
export function createOutput(
  name: 'stdout' | 'stderr',
  { maxWaitingBytes = 1_048_576, onLoss, onRecovery }: OutputOptions = {},
): Output {
  const fd = openWithoutBlocking(name);
  /** Where the system has taken a part of the first one, it is the rest of it, as a Buffer. */
  const waiting: (string | Buffer)[] = [];
  let waitingBytes = 0;
  let lostWrites = 0;
  /** Whether the last text that was written lacks its end. */
  let isTorn = false;
  let retry: NodeJS.Timeout | undefined;

  function lose(writes: number, code: string): void {
    if (lostWrites === 0) onLoss?.(code);
    lostWrites += writes;
  }

  function scheduleRetry(): void {
    retry ??= setTimeout(() => {
      retry = undefined;
      writeWaiting();
    }, retryMs).unref();
  }

  function writeWaiting(): void {
    for (let [data] = waiting; data !== undefined; [data] = waiting) {
      let written: number;
      try {
        // Two calls, for the types alone: the system call is the same.
        written = typeof data === 'string' ? writeSync(fd, data) : writeSync(fd, data);
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException;
        if (code === 'EAGAIN') return scheduleRetry();
        isTorn ||= typeof data !== 'string';
        lose(waiting.length, code);
        waiting.length = 0;
        waitingBytes = 0;
        return;
      }
      waitingBytes -= written;
      const rest = Buffer.byteLength(data) - written;
      if (rest > 0) {
        waiting[0] = Buffer.from(data).subarray(written);
      } else {
        waiting.shift();
        isTorn = false;
      }
    }
    if (lostWrites === 0) return;
    const lost = lostWrites;
    lostWrites = 0;
    onRecovery?.(lost);
  }

  return {
    write(text) {
      // What follows half a line would be read as its other half.
      const data = isTorn ? `\n${text}` : text;
      const bytes = Buffer.byteLength(data);
      if (waiting.length > 0 && waitingBytes + bytes > maxWaitingBytes) return lose(1, 'EAGAIN');
      waiting.push(data);
      waitingBytes += bytes;
      if (retry === undefined) writeWaiting();
    },
    flush() {
      const sleeper = new Int32Array(new SharedArrayBuffer(4));
      const deadline = performance.now() + maxFlushMs;
      writeWaiting();
      while (waiting.length > 0 && performance.now() < deadline) {
        Atomics.wait(sleeper, 0, 0, retryMs);
        writeWaiting();
      }
    },
  };
}

/** @returns a file descriptor on which writing fails with `EAGAIN` instead of waiting for a reader */
function openWithoutBlocking(name: 'stdout' | 'stderr'): number {
  const fd = name === 'stdout' ? 1 : 2;
  // The first look at it makes Node.js open it, which puts pipes and sockets into that mode, and terminals not.
  if (!process[name].isTTY && !fstatSync(fd).isFIFO()) return fd;
  try {
    // An open file description of its own: the mode of the inherited one is that of the shell and of all workers, too,
    // and each worker that starts or ends resets it, so that the others would wait for the reader. A socket cannot be
    // opened again, and a file would be written from its beginning.
    return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return fd;
  }
}
