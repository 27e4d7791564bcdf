import { tooComplex } from './limit-error.ts';
import type { GraphQLError } from 'graphql';

/** Creates the error of an answer that is larger than `maximum` bytes. */
export function responseTooLarge(maximum: number): GraphQLError {
  return tooComplex(
    'responseSize',
    `The answer would be larger than ${maximum} bytes: ask for less at a time.`,
  );
}

/**
 * Returns whether the JSON of data is certain to be too large, before it is written. A result refers to a long string once,
 * its JSON repeats it for each field: a few aliases of an object with a long description would exceed the memory.
 *
 * Counts UTF-16 code units, a lower bound that ignores JSON's escapes and UTF-8. `isLarger` measures what passes.
 *
 * @param data of an execution result
 * @param maximum in bytes
 */
export function isSurelyLarger(data: unknown, maximum: number): boolean {
  return budgetLeft(data, maximum) < 0;
}

/** Returns whether a text has more than `maximumBytes` in UTF-8. */
export function isLarger(text: string, maximumBytes: number): boolean {
  // A code unit has at most three bytes, so most texts need no counting.
  return text.length * 3 > maximumBytes && Buffer.byteLength(text) > maximumBytes;
}

/** Subtracts the least length of a value's JSON. Strings in objects, the most frequent values, need no call. */
function budgetLeft(value: unknown, budget: number): number {
  if (typeof value === 'string') return budget - value.length - 2;
  if (typeof value === 'number') return budget - 1;
  // true, false or null
  if (typeof value !== 'object' || value === null) return budget - 4;
  let left = budget;
  if (Array.isArray(value)) {
    for (const item of value) {
      left = budgetLeft(item, left - 1);
      if (left < 0) return left;
    }
    return left;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  // Results of graphql-js have no prototype, so there are no inherited names.
  for (const name in fields) {
    const field = fields[name];
    left -= name.length + 4;
    left = typeof field === 'string' ? left - field.length - 2 : budgetLeft(field, left);
    if (left < 0) return left;
  }
  return left;
}
