import type { GraphQLError } from 'graphql';
import type { AskedReads } from './asked-reads.ts';
import { tooComplex } from './limits/limit-error.ts';

/** Refuses an operation that asks for too much, before anything is read. */
export type RepresentationLimit = (
  asked: AskedReads,
  variables: Readonly<Record<string, unknown>> | undefined,
) => GraphQLError | undefined;

/**
 * The most values of lists' items in an answer. Each limit is harmless alone: all of them used up
 * together would be millions of values, and seconds of the processor, for a single read.
 */
const maxValues = 500_000;

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
    if (values > maxValues) {
      return tooComplex(
        'values',
        `The answer would have more than ${maxValues} values: ask for fewer items or fields at a time.`,
      );
    }
    return undefined;
  };
}
