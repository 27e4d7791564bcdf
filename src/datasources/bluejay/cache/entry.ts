import * as v from 'valibot';
import type { Reading } from '../call.ts';
import { decodeRead, encodeCustomerPersona } from '../decode-customer-persona.ts';
import type { CustomerPersona } from '../decode-customer-persona.ts';
import { isLifetimeExplicit } from './freshness.ts';
import type { Lifetime, Validators } from './freshness.ts';

/** An answer that is kept: a persona, or null for "there is none". */
export interface CacheEntry extends Lifetime {
  readonly persona: CustomerPersona | null;
  readonly validators: Validators;
}

const entrySchema = v.object({
  persona: v.nullable(v.unknown()),
  // They are sent to Bluejay; more than this it cannot have sent itself.
  validators: v.record(v.string(), v.pipe(v.string(), v.regex(/^[\t\x20-\x7e\x80-\xff]{0,16384}$/))),
  freshUntil: v.number(),
  staleWhileRevalidateUntil: v.number(),
  staleIfErrorUntil: v.number(),
});

export function encodeEntry(entry: CacheEntry): string {
  return JSON.stringify({ ...entry, persona: entry.persona && encodeCustomerPersona(entry.persona) });
}

/** The entry in a text from a store that others can write to, or undefined: not one, or another persona's. */
export function decodeEntry(encoded: string, id: string): CacheEntry | undefined {
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

/** What an entry holds. That the operator lets it be kept does not mean that Bluejay allows it. */
export function readEntry({ persona, validators, freshUntil }: CacheEntry): Reading<CustomerPersona | null> {
  return { value: persona, freshUntil: isLifetimeExplicit(validators) ? freshUntil : 0 };
}

/** About how many bytes an entry takes in memory: two a character, and its objects. */
export function sizeOf(key: string, { persona, validators }: CacheEntry): number {
  let characters = key.length;
  for (const value of Object.values(persona ?? {}) as unknown[]) {
    if (typeof value === 'string') characters += value.length;
  }
  for (const value of Object.values(validators)) characters += value.length;
  return characters * 2 + 400;
}
