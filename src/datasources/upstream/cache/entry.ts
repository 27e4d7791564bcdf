import * as v from 'valibot';
import type { Lifetime } from './freshness.ts';
import { isEntityTag } from './validators.ts';
import type { Validators } from './validators.ts';

/** An answer that is kept, in the form that replicas share. */
export interface CacheEntry<Value> extends Lifetime {
  readonly value: Value;
  /** Whether the value stands for the service's "there is none". */
  readonly isAbsent: boolean;
  readonly validators: Validators;
}

/** An entry in this process. */
export interface HeldEntry<Value> extends CacheEntry<Value> {
  /** `sentAt` on the clock of this process that never goes back. */
  readonly sentAtMs: number;
}

/** How the values of an endpoint are written for other replicas, and read again. */
export interface ValueCodec<Value> {
  /** Called for no absent value. */
  readonly encode: (value: Value) => object;
  /** Undefined for what is no value of this key. */
  readonly decode: (json: unknown) => Value | undefined;
  readonly absent: Value;
}

/** No service can have sent more than this, and some of it is sent back to the service. */
const maxHeaderLength = 16_384;
const header = v.optional(
  v.pipe(v.string(), v.maxLength(maxHeaderLength), v.regex(/^[\t\x20-\x7e\x80-\xff]*$/)),
);

const entrySchema = v.object({
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

/** More than the largest answer that is kept takes, with its headers. */
const maxEncodedLength = 2_097_152;

export function encodeEntry<Value>(
  { isAbsent, ...entry }: CacheEntry<Value>,
  { encode }: Pick<ValueCodec<Value>, 'encode'>,
): string {
  return JSON.stringify({ ...entry, value: isAbsent ? null : encode(entry.value) });
}

/** The entry in a text from a store that others can write to, or undefined: not one, or another key's. */
export function decodeEntry<Value>(
  text: string,
  { encode, decode, absent }: ValueCodec<Value>,
): CacheEntry<Value> | undefined {
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
  // What no replica writes is not used, though the decoder would make something of it.
  if (value === undefined || JSON.stringify(encode(value)) !== JSON.stringify(encoded)) return undefined;
  return { ...entry, value, isAbsent: false };
}

/** About how many bytes an entry takes in memory: two a character, and its objects. */
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
