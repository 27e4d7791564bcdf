import type { GraphQLField } from 'graphql';

/**
 * What a field reads from a service. The rate limit, the limits on lists and admission count by it, so that a field
 * cannot escape them: each field with arguments has to declare it.
 */
export type Reads =
  /** One thing for each parent object. `none`: what the parent has read already, or nothing at all. */
  | { readonly reads: 'one' | 'none' }
  /** One thing for each item of a list argument. */
  | {
      readonly reads: 'each';
      /** The argument that has the keys. */
      readonly of: string;
      /** The name of the limit on the number of keys in a request, as an error's `limit` has it. */
      readonly limit: string;
    };

/** Bluejay does not page its lists. This is for estimates, a router's and the gateway's own; a longer list is answered. */
export const assumedListSize = 50;

/** Declares what a field reads, in the form in which Pothos takes extensions. */
export function declareReads(reads: Reads): { readonly reads: Reads } {
  return { reads };
}

/** What a field declares; undefined where it declares nothing. */
export function readsOf({
  extensions,
}: Pick<GraphQLField<unknown, unknown>, 'extensions'>): Reads | undefined {
  return extensions['reads'] as Reads | undefined;
}
