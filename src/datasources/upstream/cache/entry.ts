import * as v from 'valibot';
import type { Lifetime } from './freshness.ts';
import { isEntityTag } from './validators.ts';
import type { Validators } from './validators.ts';

/** A cached answer, in the form that replicas share. */
export interface CacheEntry<Value> extends Lifetime {
  readonly value: Value;
  /** Whether the value is that of an absent thing, a 404. */
  readonly isAbsent: boolean;
  readonly validators: Validators;
}

/** An entry in this process. */
export interface HeldEntry<Value> extends CacheEntry<Value> {
  /** `sentAt` on the clock of this process that never goes back. */
  readonly sentAtMs: number;
  /** The one in which its read began: see `Generations`. */
  readonly generation: number;
}

/** Encodes the values of an endpoint for other replicas, and decodes them. */
export interface ValueCodec<Value> {
  /** Never called for the absent value. */
  readonly encode: (value: Value) => object;
  /** Returns undefined for JSON that is not a value of the key. */
  readonly decode: (json: unknown) => Value | undefined;
  readonly absent: Value;
}

/** Rejects values that no service sent: validators are sent back to the service. */
const maxHeaderLength = 16_384;
const header = v.optional(
  v.pipe(v.string(), v.maxLength(maxHeaderLength), v.regex(/^[\t\x20-\x7e\x80-\xff]*$/)),
);

const entrySchema = v.object({
  /** What a write of its resource makes another one: see `SharedStore`. */
  generation: v.string(),
  /** Null where there is none. */
  value: v.nullable(v.unknown()),
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

/** The longest encoded entry that is read: longer than the largest cached answer with its headers. */
const maxEncodedLength = 2_097_152;

/** An entry of the shared store, and the store's generation that it belongs to. */
type EncodedEntry<Value> = CacheEntry<Value> & { readonly generation: string };

/** Encodes an entry for a shared store. */
export function encodeEntry<Value>(
  { isAbsent, ...entry }: EncodedEntry<Value>,
  { encode }: Pick<ValueCodec<Value>, 'encode'>,
): string {
  return JSON.stringify({ ...entry, value: isAbsent ? null : encode(entry.value) });
}

/** Decodes an entry from a store that others can write to. Returns undefined for any other text. */
export function decodeEntry<Value>(
  text: string,
  { encode, decode, absent }: ValueCodec<Value>,
): EncodedEntry<Value> | undefined {
  if (text.length > maxEncodedLength) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const result = v.safeParse(entrySchema, json);
  if (!result.success) return undefined;
  const { value: encoded, ...entry } = result.output;
  if (encoded === null) return { ...entry, value: absent, isAbsent: true };
  const value = decode(encoded);
  // The decoder accepts more than a replica writes: a text that is not its own encoding is refused.
  if (value === undefined || JSON.stringify(encode(value)) !== JSON.stringify(encoded)) return undefined;
  return { ...entry, value, isAbsent: false };
}

/** Estimates the bytes that an entry takes in memory: two for each character, and 500 for its objects. */
export function sizeOf(key: string, { value, validators }: CacheEntry<unknown>): number {
  return (key.length + countCharacters({ value, validators })) * 2 + 500;
}

function countCharacters(object: object): number {
  let characters = 0;
  for (const part of Object.values(object) as unknown[]) {
    if (typeof part === 'string') characters += part.length;
    // An error stands for a value that cannot be used: all entries share it.
    else if (typeof part !== 'object' || part === null || part instanceof Error) characters += 4;
    else characters += countCharacters(part);
  }
  return characters;
}
