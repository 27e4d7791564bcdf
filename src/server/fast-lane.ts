import { getOperationAST, GraphQLError } from 'graphql';
import type { ExecutionResult } from 'graphql';
import type { DataSourcesFactory } from '../datasources/index.ts';
import type { GraphQLRequest, Lane } from './graphql-request.ts';
import type { Pipeline } from './pipeline.ts';
import { shortenName, statusOf } from './result.ts';
import type { FormatResult } from './result.ts';

export interface FastLaneOptions {
  readonly pipeline: Pipeline;
  readonly createDataSources: DataSourcesFactory;
  readonly formatResult: FormatResult;
}

/**
 * Runs requests through Yoga's pipeline without Yoga's HTTP handling: no fetch Request and Response, no
 * streams, no second look at headers that `server/graphql` has dealt with.
 */
export function createFastLane({ pipeline, createDataSources, formatResult }: FastLaneOptions): Lane {
  return async (request) => {
    const dataSources = createDataSources(request.caller);
    const result = await run(pipeline.getEnveloped({ dataSources, graphqlRequest: request }), request).catch(
      refuse,
    );
    const formatted = formatResult(result, request);
    return {
      status: statusOf(formatted, request.mediaType),
      body: JSON.stringify(formatted),
    };
  };
}

type Enveloped = ReturnType<Pipeline['getEnveloped']>;

async function run(enveloped: Enveloped, { params, statistics }: GraphQLRequest): Promise<ExecutionResult> {
  const { parse, validate, contextFactory, execute, schema } = enveloped;
  const document = parse(params.query);
  const operation = getOperationAST(document, params.operationName);
  if (!operation) return { errors: [unclearOperation()] };
  const errors = validate(schema, document);
  if (errors.length > 0) return { errors };
  statistics.operationName = shortenName(operation.name?.value);
  return execute({
    schema,
    document,
    contextValue: await contextFactory(),
    variableValues: params.variables,
    operationName: params.operationName,
  }) as Promise<ExecutionResult>;
}

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
