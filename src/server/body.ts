import type { IncomingMessage } from 'node:http';
import { Chunks } from '../chunks.ts';
import { Refusal } from './refusal.ts';

/** The most that a request's body may have. */
export const maxBodyBytes = 1_048_576;

/** How much of a body that is too large is read and thrown away, as a multiple of the limit. */
const discardFactor = 16;

/**
 * Reads a request's body.
 *
 * One that says in `Content-Length` that it is over the limit is refused at once, and thrown away as it comes.
 * So is one that does not say, before the refusal is sent: a client that is still sending would otherwise see
 * a reset instead of the answer. One far over the limit is cut off.
 *
 * @throws {Refusal} 413 over `maxBytes`
 * @throws when the client goes away before the end
 */
export function readBody(request: IncomingMessage, maxBytes = maxBodyBytes): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes) {
    return Promise.reject(tooLarge(maxBytes, announced <= maxBytes * discardFactor ? {} : close));
  }
  return new Promise((resolve, reject) => {
    const chunks = new Chunks();
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.add(chunk);
        return;
      }
      chunks.clear();
      if (length > maxBytes * discardFactor) {
        request.pause();
        reject(tooLarge(maxBytes, close));
      }
    });
    request.on('end', () => {
      if (length > maxBytes) return reject(tooLarge(maxBytes, close));
      resolve(chunks.join());
    });
    request.on('error', reject);
  });
}

const close = { connection: 'close' };

function tooLarge(maxBytes: number, headers: Record<string, string>): Refusal {
  return new Refusal(413, 'BAD_REQUEST', `The body is too large: send at most ${maxBytes} bytes.`, headers);
}
