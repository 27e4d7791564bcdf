import { execute, getOperationAST, GraphQLError } from 'graphql';
import type { DocumentNode, GraphQLSchema, ValidationRule } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { DataSourcesFactory } from '../datasources/index.ts';
import type { Logger } from '../observability/logger.ts';
import type { Context } from '../schema/index.ts';
import { formatErrors, isRequestError } from './errors.ts';
import type { GraphQLRequest, Lane } from './graphql-request.ts';

export interface YogaLaneOptions {
  readonly schema: GraphQLSchema;
  readonly createDataSources: DataSourcesFactory;
  readonly logger: Logger;
}

/** What Yoga calls the server context: the resolvers' context and the request it belongs to. */
interface YogaContext extends Context {
  readonly graphqlRequest: GraphQLRequest;
}

// Yoga wants a URL; routes are none of its business here.
const url = 'http://gateway/graphql';
const maxOperationNameLength = 100;

/** Executes requests through Yoga's own HTTP handling, with everything off that `server/http` does. */
export function createYogaLane(options: YogaLaneOptions): Lane {
  const { schema, createDataSources, logger } = options;
  const yoga = createYoga<YogaContext>({
    schema,
    plugins: [
      useGraphQLJs(),
      useParsedParams(),
      useOperationTypeRule(),
      useOperationName(),
      useParseErrorCode(),
      useErrorTable(logger),
    ],
    // useErrorTable masks: with a closed table, whatever NODE_ENV says.
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
  const { Request } = yoga.fetchAPI;

  return async (graphqlRequest) => {
    const { mediaType, caller } = graphqlRequest;
    const request = new Request(url, { method: 'POST', headers: { accept: mediaType } });
    const dataSources = createDataSources(caller);
    const response = await yoga.handleRequest(request, { dataSources, graphqlRequest });
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? mediaType,
      body: await response.text(),
    };
  };
}

/** The reference executor instead of Yoga's default one. */
function useGraphQLJs(): Plugin {
  return { onExecute: ({ setExecuteFn }) => setExecuteFn(execute) };
}

/** The body has been read and checked already. */
function useParsedParams(): Plugin<object, YogaContext> {
  return {
    onRequestParse({ serverContext, setRequestParser }) {
      const { query, operationName, variables, extensions } = serverContext.graphqlRequest.params;
      setRequestParser(() => ({
        query,
        ...(operationName !== undefined && { operationName }),
        ...(variables !== undefined && { variables }),
        ...(extensions !== undefined && { extensions }),
      }));
    },
  };
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

/** For the log: the name of the operation that runs, also where the client did not send it apart. */
function useOperationName(): Plugin<YogaContext> {
  return {
    onExecute({ args }) {
      const name = getOperationAST(args.document, args.operationName)?.name?.value;
      const context = args.contextValue as YogaContext;
      context.graphqlRequest.statistics.operationName = name?.slice(0, maxOperationNameLength);
    },
  };
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

function useErrorTable(logger: Logger): Plugin<object, YogaContext> {
  return {
    onResultProcess(payload) {
      const { result, serverContext } = payload;
      if (!('errors' in result) || result.errors === undefined) return;
      const { requestId, caller, statistics } = serverContext.graphqlRequest;
      const errors = formatErrors(result.errors, {
        requestId,
        onFailure({ message, upstream }) {
          const reason = upstream?.status === undefined ? message : `${message} (${upstream.status})`;
          statistics.failures[reason] = (statistics.failures[reason] ?? 0) + 1;
        },
        onUnforeseen(error) {
          // A caller that left made its own reads fail; nobody is there to see it.
          if (error !== caller.signal?.reason) logger.error({ requestId, err: error }, 'unforeseen error');
        },
      });
      for (const { extensions } of errors) {
        const code = String(extensions['code']);
        statistics.errorCodes[code] = (statistics.errorCodes[code] ?? 0) + 1;
      }
      payload.setResult(errors.some(isRequestError) ? { errors } : { ...result, errors });
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
