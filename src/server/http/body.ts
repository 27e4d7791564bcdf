import { Chunks } from '../../shared/chunks.ts';
import type { Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';

/** The most that a request's body may have. */
export const maxBodyBytes = 1_048_576;

/** A body that is larger needs room in the ledger before it is read. */
const largeBytes = 16_384;

/**
 * Reads a request's body, which counts towards its caller's memory until the exchange has ended. One over the limit is
 * refused at once: what still comes is discarded after the answer (`graceful-close.ts`).
 *
 * @throws {Refusal} 413 over `maxBodyBytes`; 503 where the ledger has no room for it
 * @throws when the client goes away before the end
 */
export function readBody(exchange: Exchange): Promise<Buffer> {
  const { request } = exchange;
  const { ledger } = exchange.server;
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  if (announcedBytes > maxBodyBytes) return Promise.reject(tooLarge);
  if (announcedBytes > largeBytes && !ledger.hasRoomFor(exchange, announcedBytes)) {
    return Promise.reject(tooManyBytes);
  }
  return new Promise((resolve, reject) => {
    // Nearly every body is a single chunk.
    let first: Buffer | undefined;
    let chunks: Chunks | undefined;
    let length = 0;
    let isRefused = false;

    function append(chunk: Buffer): void {
      if (chunks === undefined) {
        chunks = new Chunks(announcedBytes);
        if (first !== undefined) chunks.add(first);
      }
      chunks.add(chunk);
    }

    function refuse(refusal: Refusal): void {
      isRefused = true;
      first = undefined;
      chunks = undefined;
      reject(refusal);
    }

    // Not assigned where it is written: V8 expects a function that becomes a property to live long.
    const discard = () => refuse(tooManyBytes);
    exchange.discardBody = discard;
    request.on('data', (chunk: Buffer) => {
      if (isRefused) return;
      length += chunk.length;
      if (length > maxBodyBytes) return refuse(tooLarge);
      if (first === undefined) first = chunk;
      else append(chunk);
      ledger.add(exchange, chunk.length);
    });
    request.on('end', () => {
      if (isRefused) return;
      exchange.discardBody = undefined;
      resolve(chunks?.join() ?? first ?? empty);
    });
    request.on('error', reject);
  });
}

const empty = Buffer.alloc(0);

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
