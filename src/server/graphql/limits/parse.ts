import { GraphQLError, parse } from 'graphql';
import type { DocumentNode, Source } from 'graphql';
import type { OperationLimits } from '../../../config/index.ts';
import { checkDocument } from './check-document.ts';
import { limitError } from './limit-error.ts';

/** More characters than these for each token that is allowed are not read: one token may have a million. */
const maxCharactersPerToken = 100;

/**
 * Makes a parser of documents that keep the limits. Tokens are counted on the way, so that neither the
 * parser's memory nor its recursion depends on what was sent.
 *
 * @returns throws a GraphQLError: `QUERY_TOO_COMPLEX` with the `limit`, or `GRAPHQL_PARSE_FAILED`
 */
export function createParse(limits: OperationLimits): (source: string | Source) => DocumentNode {
  const options = {
    maxLexicalTokens: limits.tokens,
    maxComments: limits.tokens,
    maxSourceLength: limits.tokens * maxCharactersPerToken,
  };
  return (source) => {
    const document = parseWithin(source);
    checkDocument(document, limits);
    return document;
  };

  function parseWithin(source: string | Source): DocumentNode {
    try {
      return parse(source, options);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      // graphql-js has no other sign of it than its words.
      if (/^Syntax Error: (?:Document|Source) contains more tha[nt] \d+ /.test(error.message)) {
        throw limitError('tokens', limits.tokens);
      }
      error.extensions['code'] = 'GRAPHQL_PARSE_FAILED';
      throw error;
    }
  }
}
