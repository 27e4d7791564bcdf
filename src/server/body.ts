import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/** How much of a body that is too large is read and thrown away, as a multiple of the limit. */
const discardFactor = 16;

/**
 * Reads a request's body.
 *
 * A body over the limit is thrown away as it comes before the refusal is sent: a client that is still
 * sending would otherwise see a reset instead of the answer. One far over the limit is cut off.
 *
 * @throws {Refusal} 413 over `maxBytes`
 * @throws when the client goes away before the end
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      chunks = [];
      if (length > maxBytes * discardFactor) {
        request.pause();
        reject(tooLarge(maxBytes));
      }
    });
    request.once('end', () => {
      if (length > maxBytes) return reject(tooLarge(maxBytes));
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    });
    request.once('error', reject);
  });
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, 'BAD_REQUEST', `The body is too large: send at most ${maxBytes} bytes.`, {
    connection: 'close',
  });
}
