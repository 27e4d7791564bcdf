import { GraphQLError } from 'graphql';
import type { OperationLimits } from '../../../config/index.ts';

/** What each limit counts, as messages have it. */
const subjects: { readonly [Name in keyof OperationLimits]: string } = {
  tokens: 'tokens (and comments; a hundred times as many characters)',
  depth: 'levels of nesting',
  fields: 'fields, counted wherever a fragment brings them',
  rootFields: 'different fields at the root',
  duplicates: 'repetitions of fields',
  aliases: 'aliases',
  directives: 'directives',
  fragments: 'fragments, counted wherever they are spread',
};

/** Creates the error of a document that breaks a limit. */
export function limitError(name: keyof OperationLimits, maximum: number): GraphQLError {
  return tooComplex(name, `A document has at most ${maximum} ${subjects[name]}: ask for less at a time.`);
}

/**
 * Creates an error with the code `QUERY_TOO_COMPLEX`.
 *
 * @param limit for `extensions.limit`
 */
export function tooComplex(limit: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX', limit } });
}
