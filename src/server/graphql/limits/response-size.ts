import { tooComplex } from './limit-error.ts';
import type { GraphQLError } from 'graphql';

/** The refusal of an answer that is larger than allowed. */
export function responseTooLarge(maximum: number): GraphQLError {
  return tooComplex(
    'responseSize',
    `The answer would be larger than ${maximum} bytes: ask for less at a time.`,
  );
}

/**
 * Whether data is certain to be too large as JSON, before it is written. A result holds a long text once,
 * however many fields have it; its JSON holds it each time, and a few aliases of one object with a long
 * description would be more than the process can hold.
 *
 * Counts UTF-16 code units, so it says nothing of JSON's escapes, which make up to six bytes of one, and of what
 * UTF-8 takes: what passes is to be measured once it is written.
 *
 * @param data of an execution result
 * @param maximum in bytes
 */
export function isSurelyLarger(data: unknown, maximum: number): boolean {
  return budgetLeft(data, maximum) < 0;
}

/** Whether a text is larger than that in UTF-8. */
export function isLarger(text: string, maximumBytes: number): boolean {
  // A code unit takes three bytes at the most: nearly all texts need no counting.
  return text.length * 3 > maximumBytes && Buffer.byteLength(text) > maximumBytes;
}

/** Takes off what JSON needs at the least. Nearly all values are texts in objects: they cost no call. */
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
  // graphql-js makes objects without a prototype, so these are all their own.
  for (const name in fields) {
    const field = fields[name];
    left -= name.length + 4;
    left = typeof field === 'string' ? left - field.length - 2 : budgetLeft(field, left);
    if (left < 0) return left;
  }
  return left;
}
