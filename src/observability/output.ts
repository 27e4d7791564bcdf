import { constants, fstatSync, openSync, writeSync } from 'node:fs';

export interface OutputOptions {
  /** The most bytes that wait for a slow reader; more is dropped. @default 1048576 */
  readonly maxWaitingBytes?: number;
  /** Called with the code of the system's error when the first text is dropped. */
  readonly onLoss?: (code: string) => void;
  /** Called with the number of dropped writes when text is written again. */
  readonly onRecovery?: (lostWrites: number) => void;
}

/** Standard output or standard error: a file, a pipe, a socket or a terminal. */
export interface Output {
  /** Writes at once where the system accepts it. Never throws, and never waits for the reader. */
  write(text: string): void;
  /** Writes the waiting text, for at most half a second; to be called at the end of the process. */
  flush(): void;
}

/** The time until another attempt after the reader accepted nothing. */
const retryMs = 10;
const maxFlushMs = 500;

/**
 * Creates an output that writes to the file descriptor itself. A stream of Node.js stays closed after an error, such as a
 * full disk, and a write in a thread of Node.js keeps the process from ending while nobody reads the pipe.
 */
export function createOutput(
  name: 'stdout' | 'stderr',
  { maxWaitingBytes = 1_048_576, onLoss, onRecovery }: OutputOptions = {},
): Output {
  const fd = openWithoutBlocking(name);
  /** The first one is a Buffer where the system has accepted only a part of it. */
  const waiting: (string | Buffer)[] = [];
  let waitingBytes = 0;
  let lostWrites = 0;
  /** Whether only a part of the last text was written. */
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
        // TypeScript requires a call for each type.
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
      // Separates the text from the part of a line before it.
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
  // Reading the property makes Node.js open the stream, which sets this mode for pipes and sockets, not for terminals.
  if (!process[name].isTTY && !fstatSync(fd).isFIFO()) return fd;
  try {
    // Opens another file description, because the shell and all workers share the mode of the inherited one: each worker
    // that starts or ends resets it, and then the others wait for the reader. A socket cannot be opened again, and a file
    // would be overwritten from its beginning.
    return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return fd;
  }
}
