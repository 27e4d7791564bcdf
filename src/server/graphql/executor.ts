import { GraphQLError } from 'graphql';
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import type { DataSourcesFactory } from '../../datasources/index.ts';
import type { OperationOutcome, ServerEvents } from '../../observability/events.ts';
import { Refusal } from '../http/refusal.ts';
import { cacheControlOf } from './cache-control.ts';
import type { InlineTracer } from './inline-trace.ts';
import { isLarger, isSurelyLarger, responseTooLarge } from './limits/response-size.ts';
import { ListedValues, tooManyValues } from './limits/values.ts';
import { outcomeOf } from './outcome.ts';
import type { Pipeline, PipelineContext } from './pipeline.ts';
import { requireQuery } from './preparation.ts';
import { createPreparation } from './prepare-operation.ts';
import { createPluginPreparation } from './prepare-with-plugins.ts';
import type { GraphQLParams } from './params.ts';
import type { RepresentationLimit } from './representations.ts';
import type { Executor, GraphQLRequest, GraphQLResponse } from './request.ts';
import { statusOf } from './result.ts';
import type { FormatResult } from './result.ts';

export interface ExecutorOptions {
  readonly pipeline: Pipeline;
  readonly schema: GraphQLSchema;
  readonly createDataSources: DataSourcesFactory;
  readonly formatResult: FormatResult;
  readonly limitRepresentations: RepresentationLimit;
  /** Undefined where inline traces are off. */
  readonly inlineTracer: InlineTracer | undefined;
  /** Whether each request runs the plugins of an embedder, and with them all of Yoga's pipeline. @default false */
  readonly hasPlugins?: boolean;
  /** The most bytes that the body of an answer may have. */
  readonly maxResponseBytes: number;
  /** Whether errors suggest names of the schema. @default false */
  readonly suggests?: boolean;
  /**
   * How often graphql-js executes an operation before it is compiled. Compiling costs as much as some hundred
   * executions save. @default 50
   */
  readonly runsBeforeCompiling?: number;
  /** Called with each operation that has ended. @default nobody listens */
  readonly onOperation?: ServerEvents['onOperation'];
}

/**
 * Creates the function that executes GraphQL requests. Yoga's pipeline parses and validates each document once; Yoga's
 * HTTP handling, with its fetch requests, responses and streams, is not used.
 */
export function createExecutor(options: ExecutorOptions): Executor {
  const { pipeline, schema, createDataSources, formatResult, limitRepresentations, inlineTracer } = options;
  const { hasPlugins = false, maxResponseBytes, onOperation } = options;
  const { suggests = false, runsBeforeCompiling = 50 } = options;
  const prepare = hasPlugins
    ? createPluginPreparation(pipeline, schema)
    : createPreparation(pipeline, { schema, runsBeforeCompiling, suggests });

  /** Executes the operation once all that it asks for is known to be allowed. */
  function execute(
    request: GraphQLRequest,
    context: PipelineContext,
  ): ExecutionResult | Promise<ExecutionResult> {
    const prepared = prepare(request, context);
    if ('errors' in prepared) return prepared;
    if (request.isReadOnly === true) requireQuery(prepared.type);
    const { statistics, reserve, params } = request;
    const { asked } = prepared;
    const variables = selectVariables(params.variables, prepared.variableNames);
    // What nobody reads is not held while the operation waits.
    params.variables = variables;
    if (!hasPlugins) params.extensions = undefined;
    statistics.operationName = prepared.name;
    statistics.operationType = prepared.type;
    statistics.operationHash = prepared.hash;
    const tooMany = asked.lists.length > 0 ? limitRepresentations(asked, variables) : undefined;
    if (tooMany !== undefined) return { errors: [tooMany] };
    if (asked.valuesOfListed > 0) context.lists = new ListedValues(asked.valuesOfListed);
    const reads = asked.countReads(variables);
    const reserved = reserve?.(reads, asked.countPoints?.(variables) ?? reads);
    if (reserved === undefined) return prepared.run(context, variables);
    return reserved.then(() => prepared.run(context, variables));
  }

  /** @param result of the execution, replaced by an error where it is too large */
  function respond(
    result: ExecutionResult,
    request: GraphQLRequest,
    { dataSources, inlineTrace }: PipelineContext,
  ): GraphQLResponse {
    let formatted = formatResult(result, request);
    let body = JSON.stringify(
      inlineTrace === undefined
        ? formatted
        : { ...formatted, extensions: { ftv1: inlineTrace.finish(formatted.errors ?? []) } },
    );
    if (isLarger(body, maxResponseBytes)) {
      formatted = formatResult({ errors: [responseTooLarge(maxResponseBytes)] }, request);
      body = JSON.stringify(formatted);
    }
    if (formatted.errors !== undefined) {
      return { status: statusOf(formatted.errors, request.mediaType), body, cacheControl: 'no-store' };
    }
    return { status: 200, body, cacheControl: cacheControlOf(dataSources.freshUntil(), Date.now()) };
  }

  return async (request) => {
    const startedAt = performance.now();
    // What rejects for another reason than a refusal is a defect.
    let outcome: OperationOutcome = 'server_error';
    try {
      const dataSources = createDataSources(request.caller);
      const inlineTrace = request.wantsTrace ? inlineTracer?.start() : undefined;
      const context: PipelineContext = {
        dataSources,
        graphqlRequest: request,
        inlineTrace,
        lists: undefined,
      };
      let result: ExecutionResult;
      try {
        result = await execute(request, context);
        if (context.lists?.isExceeded === true) result = { errors: [tooManyValues()] };
        else if (isSurelyLarger(result.data, maxResponseBytes)) {
          result = { errors: [responseTooLarge(maxResponseBytes)] };
        }
      } catch (error) {
        if (error instanceof Refusal) {
          outcome = 'client_error';
          throw error;
        }
        result = { errors: [toGraphQLError(error)] };
      }
      const response = respond(result, request, context);
      outcome = outcomeOf(request);
      return response;
    } finally {
      const durationMs = performance.now() - startedAt;
      onOperation?.({ name: request.statistics.operationName, outcome, durationMs });
    }
  };
}

/** Wraps a defect, so that the error table masks it. */
function toGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error('Thrown, and no Error', { cause: error });
  return new GraphQLError(originalError.message, { originalError });
}

/** Returns the variables that an operation declares. It ignores others (GraphQL, section 6.1.2). */
function selectVariables(
  variables: GraphQLParams['variables'],
  names: readonly string[],
): GraphQLParams['variables'] {
  for (const name in variables) {
    if (names.includes(name)) continue;
    return Object.fromEntries(
      names
        .filter((declared) => Object.hasOwn(variables, declared))
        .map((declared) => [declared, variables[declared]]),
    );
  }
  return variables;
}
