import { execute, GraphQLError } from 'graphql';
import type { DocumentNode, GraphQLSchema, ValidationRule } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Plugin, YogaServerInstance } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Context } from '../schema/index.ts';
import type { GraphQLRequest } from './graphql-request.ts';
import type { TracedContext } from './inline-trace.ts';

/** What Yoga calls the server context: the resolvers' context and the request it belongs to. */
export interface PipelineContext extends Context, TracedContext {
  readonly graphqlRequest: GraphQLRequest;
}

/** Yoga's pipeline: what is true of GraphQL, whatever carries the request. */
export type Pipeline = YogaServerInstance<PipelineContext, object>;

export interface PipelineOptions {
  readonly schema: GraphQLSchema;
  /** @default none */
  readonly plugins?: readonly Plugin<object, PipelineContext>[];
}

/** Everything of Yoga's that `server/http` does is off. */
export function createPipeline({ schema, plugins = [] }: PipelineOptions): Pipeline {
  return createYoga<PipelineContext>({
    schema,
    plugins: [useGraphQLJs(), useOperationTypeRule(), useParseErrorCode(), ...plugins],
    // The error table masks: it is closed, whatever NODE_ENV says.
    maskedErrors: false,
    parserAndValidationCache: { documentCache: createDocumentCache(), errorCache: noCache },
    batching: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    logging: false,
    maxRequestBodySize: false,
    multipart: false,
  });
}

/** The reference executor instead of Yoga's default one. */
function useGraphQLJs(): Plugin {
  return { onExecute: ({ setExecuteFn }) => setExecuteFn(execute) };
}

/** graphql-js finds out only at execution that the schema has no mutations or subscriptions. */
const operationTypeRule: ValidationRule = (context) => ({
  OperationDefinition(node) {
    if (context.getSchema().getRootType(node.operation)) return;
    context.reportError(new GraphQLError(`The schema has no ${node.operation}s.`, { nodes: node }));
  },
});

function useOperationTypeRule(): Plugin {
  return { onValidate: ({ addValidationRule }) => addValidationRule(operationTypeRule) };
}

/** Yoga names validation errors itself, but not syntax errors. */
function useParseErrorCode(): Plugin {
  return {
    onParse:
      () =>
      ({ result }) => {
        if (result instanceof Error && 'extensions' in result) {
          result.extensions = { code: 'GRAPHQL_PARSE_FAILED' };
        }
      },
  };
}

/** Yoga's own would hold 1,024 documents of any size. An entry's size is the length of its text. */
function createDocumentCache() {
  return new LRUCache<string, DocumentNode>({
    max: 1_024,
    maxSize: 1_000_000,
    maxEntrySize: 50_000,
    sizeCalculation: (_document, text) => text.length,
  });
}

/** Documents with syntax errors are not worth remembering. */
const noCache = { get: () => undefined, set: () => {} };
