import { getOperationAST, GraphQLError } from 'graphql';
import type { ExecutionResult } from 'graphql';
import type { DataSourcesFactory } from '../datasources/index.ts';
import { cacheControlOf } from './cache-control.ts';
import type { GraphQLRequest, Lane } from './graphql-request.ts';
import type { InlineTrace, InlineTracer } from './inline-trace.ts';
import { createOperationHash } from './operation-hash.ts';
import type { Pipeline } from './pipeline.ts';
import type { RepresentationLimit } from './representations.ts';
import { shortenName, statusOf } from './result.ts';
import type { FormatResult } from './result.ts';

export interface FastLaneOptions {
  readonly pipeline: Pipeline;
  readonly createDataSources: DataSourcesFactory;
  readonly formatResult: FormatResult;
  readonly limitRepresentations: RepresentationLimit;
  readonly inlineTracer: InlineTracer;
}

/**
 * Runs requests through Yoga's pipeline without Yoga's HTTP handling: no fetch Request and Response, no
 * streams, no second look at headers that `server/graphql` has dealt with.
 */
export function createFastLane(options: FastLaneOptions): Lane {
  const { pipeline, createDataSources, formatResult, limitRepresentations, inlineTracer } = options;

  const operationHash = createOperationHash();

  async function run(enveloped: Enveloped, request: GraphQLRequest, trace?: InlineTrace) {
    const { parse, validate, contextFactory, execute, schema } = enveloped;
    const { query, operationName, variables } = request.params;
    const document = parse(query);
    const operation = getOperationAST(document, operationName);
    if (!operation) return { errors: [unclearOperation()] };
    const errors = validate(schema, document);
    if (errors.length > 0) return { errors };
    const { statistics } = request;
    statistics.operationName = shortenName(operation.name?.value);
    statistics.operationType = operation.operation;
    statistics.operationHash = operationHash(document, query);
    const tooMany = limitRepresentations(document, operation, variables);
    if (tooMany !== undefined) return { errors: [tooMany] };
    return execute({
      schema: trace?.schema ?? schema,
      document,
      contextValue: await contextFactory(),
      variableValues: variables,
      operationName,
    }) as Promise<ExecutionResult>;
  }

  return async (request) => {
    const dataSources = createDataSources(request.caller);
    const inlineTrace = request.wantsTrace ? await inlineTracer.start() : undefined;
    const context = { dataSources, graphqlRequest: request, ...(inlineTrace && { inlineTrace }) };
    const raw = await run(pipeline.getEnveloped(context), request, inlineTrace).catch(refuse);
    const result = formatResult(raw, request);
    const { errors = [] } = result;
    const traced =
      inlineTrace === undefined ? result : { ...result, extensions: { ftv1: inlineTrace.finish(errors) } };
    return {
      status: statusOf(result, request.mediaType),
      body: JSON.stringify(traced),
      cacheControl:
        errors.length > 0 ? cacheControlOf(0, 0) : cacheControlOf(dataSources.freshUntil(), Date.now()),
    };
  };
}

type Enveloped = ReturnType<Pipeline['getEnveloped']>;

function unclearOperation(): GraphQLError {
  return new GraphQLError('Name one operation of the document in "operationName".', {
    extensions: { code: 'BAD_REQUEST' },
  });
}

/** A syntax error, or a defect before execution: nothing is answered but the error. */
function refuse(error: unknown): ExecutionResult {
  if (error instanceof GraphQLError) return { errors: [error] };
  const originalError = error instanceof Error ? error : new Error('Thrown, and no Error', { cause: error });
  return { errors: [new GraphQLError(originalError.message, { originalError })] };
}
