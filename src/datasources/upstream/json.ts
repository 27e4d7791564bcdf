import type { InvalidResponseReason } from './errors.ts';

/** What a decoder makes of a JSON value. `dropped`: how many items of a list cannot be used and were left out. */
export type Decoded<Value> =
  | { readonly ok: true; readonly value: Value; readonly dropped?: number }
  | { readonly ok: false; readonly reason: InvalidResponseReason };

/** Undefined for text that is not JSON; JSON itself has no undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
