import type { InvalidResponseReason } from './errors.ts';

/** The result of a decoder. `dropped`: the number of unusable items that were left out of a list. */
export type Decoded<Value> =
  | { readonly ok: true; readonly value: Value; readonly dropped?: number }
  | { readonly ok: false; readonly reason: InvalidResponseReason };

/** Parses JSON. Returns undefined, which JSON does not have, for any other text. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
