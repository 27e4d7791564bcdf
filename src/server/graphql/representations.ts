import type { GraphQLError } from 'graphql';
import type { AskedReads } from './asked-reads.ts';
import { tooComplex } from './limits/limit-error.ts';
import { maxValues, tooManyValues } from './limits/values.ts';

/** Returns the refusal of an operation that asks for too many keys, undefined for others. */
export type RepresentationLimit = (
  asked: AskedReads,
  variables: Readonly<Record<string, unknown>> | undefined,
) => GraphQLError | undefined;

/**
 * Creates the limit on the keys that an operation asks for. Fields with the same limit are counted together, such as the
 * representations of all `_entities`. Each request is counted, because most keys are in variables.
 *
 * @param maximum how many keys an operation may ask for, by limit
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
