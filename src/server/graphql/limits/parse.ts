import { GraphQLError, parse } from 'graphql';
import type { DocumentNode, Source } from 'graphql';
import type { OperationLimits } from '../../../config/index.ts';
import { checkDocument } from './check-document.ts';
import { limitError } from './limit-error.ts';

/** Bounds the length of a document by its tokens, because one token may have a million characters. */
const maxCharactersPerToken = 100;

/**
 * Creates a parser that enforces the limits. It counts tokens while it parses, which bounds its memory and its recursion.
 *
 * @returns a function that throws a GraphQLError: `QUERY_TOO_COMPLEX` with the `limit`, or `GRAPHQL_PARSE_FAILED`
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
      // graphql-js marks this error by its message only.
      if (/^Syntax Error: (?:Document|Source) contains more tha[nt] \d+ /.test(error.message)) {
        throw limitError('tokens', limits.tokens);
      }
      error.extensions['code'] = 'GRAPHQL_PARSE_FAILED';
      throw error;
    }
  }
}
