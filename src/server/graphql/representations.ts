import type { GraphQLError } from 'graphql';
import type { AskedReads } from './asked-reads.ts';
import { tooComplex } from './limits/limit-error.ts';
import { maxValues, tooManyValues } from './limits/values.ts';

/** Refuses an operation that asks for too much, before anything is read. */
export type RepresentationLimit = (
  asked: AskedReads,
  variables: Readonly<Record<string, unknown>> | undefined,
) => GraphQLError | undefined;

/**
 * Counts the keys that the fields of a request ask for, those with one limit together: the representations of all
 * `_entities`, for instance. They are mostly in variables, so what validation finds out about a document, and caches,
 * says nothing about them.
 *
 * @param maximum the most of each that one request may have
 */
export function createRepresentationLimit(maximum: number): RepresentationLimit {
  return ({ lists }, variables) => {
    const totals = new Map<string, number>();
    let values = 0;
    for (const { limit, length, valuesOfItem } of lists) {
      const items = length(variables);
      const total = (totals.get(limit) ?? 0) + items;
      totals.set(limit, total);
      values += items * valuesOfItem;
      if (total > maximum) {
        return tooComplex(limit, `At most ${maximum} ${limit} at a time: split the request.`);
      }
    }
    if (values > maxValues) return tooManyValues();
    return undefined;
  };
}
