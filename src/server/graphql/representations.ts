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
 * Counts the representations of all `_entities` fields of a request together, and the ids of all `personas`
 * fields. They are mostly in variables, so what validation finds out about a document, and caches, says
 * nothing about them.
 *
 * @param maximum the most of either that one request may have
 */
export function createRepresentationLimit(maximum: number): RepresentationLimit {
  return ({ lists }, variables) => {
    const totals = { representations: 0, ids: 0 };
    let values = 0;
    for (const { limit, length, valuesOfItem } of lists) {
      const items = length(variables);
      totals[limit] += items;
      values += items * valuesOfItem;
      if (totals[limit] > maximum) {
        return tooComplex(limit, `At most ${maximum} ${limit} at a time: split the request.`);
      }
    }
    if (values > maxValues) return tooManyValues();
    return undefined;
  };
}
