import { execute, getOperationAST, GraphQLError, Source } from 'graphql';
import type { ExecutionResult, GraphQLSchema, SourceLocation } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { DataSourcesFactory } from '../../src/datasources/index.ts';
import { cacheControlOf } from '../../src/server/graphql/cache-control.ts';
import type { FormattedError } from '../../src/server/graphql/errors.ts';
import type { Lane } from '../../src/server/graphql/request.ts';
import { createPipeline } from '../../src/server/graphql/pipeline.ts';
import type { PipelineContext } from '../../src/server/graphql/pipeline.ts';
import { findAskedReads } from '../../src/server/graphql/asked-reads.ts';
import type { RepresentationLimit } from '../../src/server/graphql/representations.ts';
import { shortenName } from '../../src/server/graphql/result.ts';
import type { FormatResult } from '../../src/server/graphql/result.ts';
import { testConfig } from './config.ts';

export interface YogaLaneOptions {
  readonly schema: GraphQLSchema;
  readonly createDataSources: DataSourcesFactory;
  readonly formatResult: FormatResult;
  readonly limitRepresentations: RepresentationLimit;
}

// Yoga wants a URL; routes are none of its business here.
const url = 'http://gateway/graphql';

/**
 * The reference for the fast lane: Yoga's own HTTP handling, which decides itself in which order things
 * are checked, what status an answer has, and how it is written. graphql-js executes, whatever the gateway
 * executes with. It makes no traces.
 */
export function createYogaLane(options: YogaLaneOptions): Lane {
  const { schema, createDataSources, formatResult, limitRepresentations } = options;
  const yoga = createPipeline({
    schema,
    limits: testConfig({}).limits,
    exposure: { introspection: true, serviceSdl: true },
    plugins: [
      useParsedParams(),
      useReferenceExecutor(schema, limitRepresentations),
      useErrorTable(formatResult),
    ],
  });
  const { Request } = yoga.fetchAPI;

  return async (graphqlRequest) => {
    const { mediaType, caller } = graphqlRequest;
    const request = new Request(url, { method: 'POST', headers: { accept: mediaType } });
    const dataSources = createDataSources(caller);
    const response = await yoga.handleRequest(request, { dataSources, graphqlRequest });
    const contentType = response.headers.get('content-type');
    if (contentType !== `${mediaType}; charset=utf-8`) throw new Error(`Yoga answered in ${contentType}`);
    const body = await response.text();
    const freshUntil = 'errors' in (JSON.parse(body) as object) ? 0 : dataSources.freshUntil();
    return { status: response.status, body, cacheControl: cacheControlOf(freshUntil, Date.now()) };
  };
}

/** The body has been read and checked already. */
function useParsedParams(): Plugin<object, PipelineContext> {
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

/** Yoga knows no representations: they are counted where it would execute. */
function useReferenceExecutor(
  schema: GraphQLSchema,
  limitRepresentations: RepresentationLimit,
): Plugin<object, PipelineContext> {
  return {
    onExecute({ args, setExecuteFn, setResultAndStopExecution }) {
      const { document, operationName, variableValues, contextValue } = args;
      const operation = getOperationAST(document, operationName);
      if (!operation) throw new Error('Yoga executes a document without an operation');
      const { graphqlRequest } = contextValue as unknown as PipelineContext;
      graphqlRequest.statistics.operationName = shortenName(operation.name?.value);
      const tooMany = limitRepresentations(findAskedReads(schema, document, operation), variableValues);
      if (tooMany !== undefined) return setResultAndStopExecution({ errors: [tooMany] });
      return setExecuteFn((executionArgs) => execute({ ...executionArgs, hideSuggestions: true }));
    },
  };
}

/** Puts errors into the table's terms, and into Yoga's: it takes the status from `extensions.http`. */
function useErrorTable(formatResult: FormatResult): Plugin<object, PipelineContext> {
  return {
    onResultProcess({ result, serverContext, setResult }) {
      const formatted = formatResult(inOurWords(result as ExecutionResult), serverContext.graphqlRequest);
      const { errors, ...rest } = formatted;
      const { query } = serverContext.graphqlRequest.params;
      setResult(
        errors === undefined
          ? rest
          : { ...formatted, errors: errors.map((error) => withStatus(error, query)) },
      );
    },
  };
}

/** Yoga has a message of its own for a document without the operation that was asked for. */
function inOurWords(result: ExecutionResult): ExecutionResult {
  if (result.errors?.[0]?.extensions['code'] !== 'OPERATION_RESOLUTION_FAILURE') return result;
  const message = 'Name one operation of the document in "operationName".';
  return { errors: [new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } })] };
}

/** `spec`: with application/json the status is 200 nevertheless. */
function withStatus({ message, locations, path, extensions }: FormattedError, query: string): GraphQLError {
  const isDefect = extensions['code'] === 'INTERNAL_SERVER_ERROR';
  const http = isDefect ? { status: 500 } : { status: 400, spec: true };
  return new GraphQLError(message, {
    source: new Source(query),
    positions: locations?.map((location) => offsetOf(query, location)) ?? null,
    path: path ?? null,
    extensions: { ...extensions, ...(path === undefined && { http }) },
  });
}

function offsetOf(text: string, { line, column }: SourceLocation): number {
  const starts = Array.from(text.matchAll(/\r\n|\n|\r/g), ({ 0: end, index }) => index + end.length);
  return ([0, ...starts][line - 1] ?? 0) + column - 1;
}
