import { Chunks } from '../../shared/chunks.ts';
import type { Exchange } from './exchange.ts';
import type { HeldBytes, Holding } from './held-bytes.ts';
import { Refusal } from './refusal.ts';

/** The most that a request's body may have. */
export const maxBodyBytes = 1_048_576;

/** Bodies up to this size are not counted: as many as there can be connections are bearable. */
const smallBytes = 16_384;

/**
 * Reads a request's body. One over the limit is refused at once: what still comes is discarded after the answer
 * (`graceful-close.ts`).
 *
 * @param held what larger bodies count towards until their exchange has ended
 * @throws {Refusal} 413 over `maxBodyBytes`; 503 when `held` gives the body up
 * @throws when the client goes away before the end
 */
export function readBody({ request, response }: Exchange, held: HeldBytes): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBodyBytes) return Promise.reject(tooLarge);
  return new Promise((resolve, reject) => {
    const chunks = new Chunks(announced);
    let length = 0;
    let isRefused = false;
    let holding: Holding | undefined;

    function refuse(refusal: Refusal): void {
      isRefused = true;
      chunks.clear();
      reject(refusal);
    }

    function hold(): Holding {
      const opened = held.open(() => refuse(tooManyBytes));
      // The request itself tells nothing when its client leaves after it was refused.
      response.once('close', () => held.close(opened));
      return opened;
    }

    request.on('data', (chunk: Buffer) => {
      if (isRefused) return;
      length += chunk.length;
      if (length > maxBodyBytes) return refuse(tooLarge);
      chunks.add(chunk);
      if (length <= smallBytes) return;
      if (holding === undefined) held.add((holding = hold()), length);
      else held.add(holding, chunk.length);
    });
    request.on('end', () => {
      if (isRefused) return;
      if (holding !== undefined) held.keep(holding);
      resolve(chunks.join());
    });
    request.on('error', reject);
  });
}

const tooManyBytes = new Refusal(
  503,
  'OVERLOADED',
  'Too many large bodies are on their way; try again later.',
  { 'retry-after': '1' },
  { retryable: true, retryAfterMs: 1_000 },
);

const tooLarge = new Refusal(
  413,
  'BAD_REQUEST',
  `The body is too large: send at most ${maxBodyBytes} bytes.`,
);
