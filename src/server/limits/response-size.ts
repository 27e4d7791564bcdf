import { tooComplex } from './limit-error.ts';
import type { GraphQLError } from 'graphql';

/**
 * Refuses data that would be too large as JSON, before it is written. A result holds a long text once,
 * however many fields have it; its JSON holds it each time, and a few aliases of one persona with a long
 * description would be more than the process can hold.
 *
 * @param data of an execution result
 * @param maximum in UTF-16 code units, without the escapes of JSON and the bytes of UTF-8
 */
export function checkResponseSize(data: unknown, maximum: number): GraphQLError | undefined {
  if (budgetLeft(data, maximum) >= 0) return undefined;
  return tooComplex(
    'responseSize',
    `The answer would be larger than ${maximum} bytes: ask for less at a time.`,
  );
}

function budgetLeft(value: unknown, budget: number): number {
  if (typeof value === 'string') return budget - value.length - 2;
  if (typeof value !== 'object' || value === null) return budget - 5;
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
    left = budgetLeft(fields[name], left - name.length - 4);
    if (left < 0) return left;
  }
  return left;
}
