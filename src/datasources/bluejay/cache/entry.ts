import * as v from 'valibot';
import { parseUuid } from '../../uuid.ts';
import type { Reading } from '../call.ts';
import { normaliseDateTime } from '../date-time.ts';
import type { CustomerPersona } from '../decode-customer-persona.ts';
import { isLifetimeExplicit } from './freshness.ts';
import type { Lifetime, Validators } from './freshness.ts';

/** An answer that is kept: a persona, or null for "there is none". */
export interface CacheEntry extends Lifetime {
  readonly persona: CustomerPersona | null;
  readonly validators: Validators;
}

const text = v.nullable(v.string());
const uuid = v.pipe(
  v.string(),
  v.check((value) => parseUuid(value) === value),
);
const dateTime = v.pipe(
  v.string(),
  v.check((value) => normaliseDateTime(value) === value),
);

const entrySchema = v.object({
  persona: v.nullable(
    v.object({
      id: uuid,
      createdAt: v.nullable(dateTime),
      name: text,
      description: text,
      goal: text,
      orgId: v.nullable(uuid),
    }),
  ),
  // They are sent to Bluejay; more than this it cannot have sent itself.
  validators: v.record(v.string(), v.pipe(v.string(), v.regex(/^[\t\x20-\x7e\x80-\xff]{0,16384}$/))),
  freshUntil: v.number(),
  staleWhileRevalidateUntil: v.number(),
  staleIfErrorUntil: v.number(),
});

export function encodeEntry(entry: CacheEntry): string {
  return JSON.stringify(entry);
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
  if (!result.success || (result.output.persona !== null && result.output.persona.id !== id))
    return undefined;
  return result.output;
}

/** What an entry holds. That the operator lets it be kept does not mean that Bluejay allows it. */
export function readEntry({ persona, validators, freshUntil }: CacheEntry): Reading<CustomerPersona | null> {
  return { value: persona, freshUntil: isLifetimeExplicit(validators) ? freshUntil : 0 };
}

/** About how many bytes an entry takes in memory: two a character, and its objects. */
export function sizeOf(key: string, { persona, validators }: CacheEntry): number {
  let characters = key.length;
  for (const value of Object.values(persona ?? {}) as (string | null)[]) characters += value?.length ?? 0;
  for (const value of Object.values(validators)) characters += value.length;
  return characters * 2 + 400;
}
