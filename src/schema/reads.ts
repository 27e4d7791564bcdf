import type { GraphQLField } from 'graphql';

/**
 * The reads that a field causes. The rate limit, the limits on lists and admission count them, so every field with
 * arguments must declare them.
 */
export type Reads =
  /** `one`: one read for each parent object. `none`: no read, or one that the parent declares. */
  | { readonly reads: 'one' | 'none' }
  /** One write. */
  | { readonly reads: 'write' }
  /** One read for each item of a list argument. */
  | {
      readonly reads: 'each';
      /** The argument with the keys. */
      readonly of: string;
      /** The name of the limit on the number of keys in a request, as an error's `limit` has it. */
      readonly limit: string;
    };

/** The length of a list in estimates, a router's and the gateway's own. Bluejay does not page its lists. */
export const assumedListSize = 50;

/** How many reads a write counts as, for the rate limit. */
export const pointsOfWrite = 5;

/** Declares that a field writes something, in the form in which Pothos takes extensions. */
export function declareWrite(): { readonly reads: Reads } {
  return declareReads({ reads: 'write' });
}

/**
 * Declares the reads of a field, as Pothos' `extensions`.
 *
 * @example
 * t.field({ type: Order, extensions: declareReads({ reads: 'one' }), args, resolve });
 */
export function declareReads(reads: Reads): { readonly reads: Reads } {
  return { reads };
}

/** Returns the reads that a field declares; undefined where it declares none. */
export function readsOf({
  extensions,
}: Pick<GraphQLField<unknown, unknown>, 'extensions'>): Reads | undefined {
  return extensions['reads'] as Reads | undefined;
}
