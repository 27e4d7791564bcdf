import { Refusal } from '../http/refusal.ts';

const retryAfterSeconds = 1;

/** The refusal of a request that there is no time or no memory for. One for all: under overload nothing is made anew. */
export const overloaded = new Refusal(
  503,
  'OVERLOADED',
  'The gateway has too much to do at the moment; try again later.',
  { 'retry-after': String(retryAfterSeconds) },
  { retryable: true, retryAfterMs: retryAfterSeconds * 1_000 },
);
