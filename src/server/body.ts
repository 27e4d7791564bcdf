import { Chunks } from '../chunks.ts';
import type { Exchange } from './exchange.ts';
import type { HeldBytes, Holding } from './held-bytes.ts';
import { Refusal } from './refusal.ts';

/** The most that a request's body may have. */
export const maxBodyBytes = 1_048_576;

/** How much of a body that is too large is read and thrown away, as a multiple of the limit. */
const discardFactor = 16;

/** Bodies up to this size are not counted: as many as there can be connections are bearable. */
const smallBytes = 16_384;

/**
 * Reads a request's body.
 *
 * One that says in `Content-Length` that it is over the limit is refused at once, and thrown away as it comes.
 * So is one that does not say, before the refusal is sent: a client that is still sending would otherwise see
 * a reset instead of the answer. One far over the limit is cut off.
 *
 * @param held what larger bodies count towards until their exchange has ended
 * @throws {Refusal} 413 over `maxBodyBytes`; 503 when `held` gives the body up
 * @throws when the client goes away before the end
 */
export function readBody({ request, response }: Exchange, held: HeldBytes): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBodyBytes) {
    return Promise.reject(tooLarge(announced <= maxBodyBytes * discardFactor ? {} : close));
  }
  return new Promise((resolve, reject) => {
    const chunks = new Chunks(announced);
    let length = 0;
    let isOver = false;
    let holding: Holding | undefined;

    function hold(): Holding {
      const opened = held.open(() => {
        isOver = true;
        chunks.clear();
        reject(tooManyBytes);
      });
      // The request itself tells nothing when its client leaves after it was refused.
      response.once('close', () => held.close(opened));
      return opened;
    }

    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (isOver) {
        if (length > maxBodyBytes * discardFactor) {
          request.pause();
          reject(tooLarge(close));
        }
        return;
      }
      if (length > maxBodyBytes) {
        isOver = true;
        chunks.clear();
        return;
      }
      chunks.add(chunk);
      if (length <= smallBytes) return;
      if (holding === undefined) held.add((holding = hold()), length);
      else held.add(holding, chunk.length);
    });
    request.on('end', () => {
      if (holding !== undefined) held.keep(holding);
      if (isOver) return reject(tooLarge(close));
      resolve(chunks.join());
    });
    request.on('error', reject);
  });
}

const close = { connection: 'close' };

/** What still comes is read and thrown away, as the client would otherwise see a reset instead of this. */
const tooManyBytes = new Refusal(
  503,
  'OVERLOADED',
  'Too many large bodies are on their way; try again later.',
  { 'retry-after': '1' },
  { retryable: true, retryAfterMs: 1_000 },
);

function tooLarge(headers: Record<string, string>): Refusal {
  return new Refusal(
    413,
    'BAD_REQUEST',
    `The body is too large: send at most ${maxBodyBytes} bytes.`,
    headers,
  );
}
