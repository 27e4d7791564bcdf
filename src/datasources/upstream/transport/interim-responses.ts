import type { Socket } from 'node:net';

/** The longest head of an interim response that is held back, in bytes: undici's own limit, and undici refuses it. */
const maxHeadBytes = 16_384;

/**
 * Makes a socket drop the interim responses (1xx; RFC 9110, section 15.2) that come before each response. A client
 * must be able to parse them, asked for or not; undici closes the connection when it sees a `100 Continue`, and has
 * no option for it. Passes on a `101`: no request asks to switch protocols, so undici refuses it.
 *
 * @param socket carries one request at a time, and reads in paused mode, as undici's do
 * @returns the same socket
 * @see https://github.com/nodejs/undici/blob/v8.13.1/lib/dispatcher/client-h1.js#L650
 */
export function dropInterimResponses(socket: Socket): Socket {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  const write = socket.write.bind(socket);
  let held: Buffer | undefined;

  /** Reads up to the head of a response that is not interim. */
  function readHead(size?: number): Buffer | null {
    for (let chunk = read(size); chunk !== null; chunk = read(size)) {
      const bytes = held === undefined ? chunk : Buffer.concat([held, chunk]);
      const rest = isFinal(bytes) ? bytes : withoutInterim(bytes);
      if (isFinal(rest) || rest.length >= maxHeadBytes || !isInterim(rest)) {
        held = undefined;
        socket.read = read;
        return rest;
      }
      held = rest;
    }
    return null;
  }

  const writeRequest = (...parameters: Parameters<typeof write>) => {
    // A response begins with the first byte after a request.
    socket.read = readHead;
    return write(...parameters);
  };
  socket.write = writeRequest as typeof write;
  return socket;
}

/** The quick check that nearly every response passes: a status line whose status does not begin with 1. */
function isFinal(bytes: Buffer): boolean {
  return bytes.length > 9 && bytes[9] !== 0x31;
}

/** Cuts off the interim responses that are complete. */
function withoutInterim(bytes: Buffer): Buffer {
  let rest = bytes;
  while (isInterim(rest)) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) break;
    rest = rest.subarray(end + 4);
  }
  return rest;
}

const shortest = 'HTTP/1.1 100';

/** Whether the bytes begin with an interim response, or are too few to tell. */
function isInterim(bytes: Buffer): boolean {
  if (isFinal(bytes)) return false;
  const start = bytes.toString('latin1', 0, shortest.length + 1);
  return /^HTTP\/1\.\d 1(?!01)\d\d(?!\d)/.test(start + shortest.slice(start.length));
}
