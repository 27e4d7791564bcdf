import * as v from 'valibot';
import { decodeRead, encodeCustomerPersona } from '../../bluejay/decode-customer-persona.ts';
import type { CustomerPersona } from '../../bluejay/decode-customer-persona.ts';
import type { Lifetime } from './freshness.ts';
import { isEntityTag } from './validators.ts';
import type { Validators } from './validators.ts';

/** An answer that is kept, in the form that replicas share: a persona, or null for "there is none". */
export interface CacheEntry extends Lifetime {
  readonly persona: CustomerPersona | null;
  readonly validators: Validators;
}

/** An entry in this process. */
export interface HeldEntry extends CacheEntry {
  /** `sentAt` on the clock of this process that never goes back. */
  readonly sentAtMs: number;
}

/** Bluejay cannot have sent more than this, and some of it is sent back to Bluejay. */
const maxHeaderLength = 16_384;
const header = v.optional(
  v.pipe(v.string(), v.maxLength(maxHeaderLength), v.regex(/^[\t\x20-\x7e\x80-\xff]*$/)),
);

const entrySchema = v.object({
  persona: v.nullable(v.unknown()),
  validators: v.object({
    age: header,
    'cache-control': header,
    date: header,
    etag: v.optional(v.pipe(v.string(), v.maxLength(maxHeaderLength), v.check(isEntityTag))),
    expires: header,
    'last-modified': header,
    vary: header,
  }),
  sentAt: v.number(),
  freshMs: v.number(),
  grantedMs: v.number(),
  staleWhileRevalidateMs: v.number(),
  staleIfErrorMs: v.number(),
});

/** More than the largest answer and its headers take. */
const maxEncodedLength = 2_097_152;

export function encodeEntry(entry: CacheEntry): string {
  return JSON.stringify({ ...entry, persona: entry.persona && encodeCustomerPersona(entry.persona) });
}

/** The entry in a text from a store that others can write to, or undefined: not one, or another persona's. */
export function decodeEntry(encoded: string, id: string): CacheEntry | undefined {
  if (encoded.length > maxEncodedLength) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(encoded);
  } catch {
    return undefined;
  }
  const result = v.safeParse(entrySchema, json);
  if (!result.success) return undefined;
  const { persona: encodedPersona, ...entry } = result.output;
  if (encodedPersona === null) return { ...entry, persona: null };
  const persona = decodeRead(encodedPersona);
  if (persona?.id !== id) return undefined;
  // What no replica writes is not used, though the decoder would make something of it.
  const isOurs = JSON.stringify(encodeCustomerPersona(persona)) === JSON.stringify(encodedPersona);
  return isOurs ? { ...entry, persona } : undefined;
}

/** About how many bytes an entry takes in memory: two a character, and its objects. */
export function sizeOf(key: string, { persona, validators }: CacheEntry): number {
  let characters = key.length;
  for (const value of Object.values(persona ?? {}) as unknown[]) {
    if (typeof value === 'string') characters += value.length;
  }
  for (const value of Object.values(validators)) characters += value?.length ?? 0;
  return characters * 2 + 500;
}
