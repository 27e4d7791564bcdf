import { execute, getOperationAST, GraphQLError } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { DataSourcesFactory } from '../../datasources/index.ts';
import { createAskedReadsFinder } from './asked-reads.ts';
import { cacheControlOf } from './cache-control.ts';
import type { GraphQLRequest, Lane } from './request.ts';
import type { InlineTrace, InlineTracer } from './inline-trace.ts';
import { createKnownDocuments, hashOf } from './known-documents.ts';
import type { KnownDocument } from './known-documents.ts';
import { isLarger, isSurelyLarger, responseTooLarge } from './limits/response-size.ts';
import { ListedValues, tooManyValues } from './limits/values.ts';
import type { OperationRunner } from './operation-runner.ts';
import type { Pipeline, PipelineContext } from './pipeline.ts';
import { Refusal } from '../http/refusal.ts';
import type { RepresentationLimit } from './representations.ts';
import { shortenName, statusOf } from './result.ts';
import type { FormatResult, FormattedResult } from './result.ts';

export interface FastLaneOptions {
  readonly pipeline: Pipeline;
  readonly schema: GraphQLSchema;
  readonly createDataSources: DataSourcesFactory;
  readonly formatResult: FormatResult;
  readonly limitRepresentations: RepresentationLimit;
  /** Absent where nobody gets a trace. */
  readonly inlineTracer: InlineTracer | undefined;
  /** Whether plugins want to see each request: then each goes through the whole of Yoga's pipeline. @default false */
  readonly hasPlugins?: boolean;
  /** The most bytes that an answer may have, as it is sent. */
  readonly maxResponseBytes: number;
  /**
   * How often an operation is run by graphql-js before it is compiled, which costs as much as some hundred
   * runs save. @default 50
   */
  readonly runsBeforeCompiling?: number;
}

interface LaneContext extends PipelineContext {
  /** Absent where the operation asks for no list of Bluejay's. */
  lists: ListedValues | undefined;
}

/**
 * Runs requests without Yoga's HTTP handling: no fetch Request and Response, no streams, no second look at
 * headers that `server/graphql` has dealt with. Yoga's pipeline parses and validates each document once.
 */
export function createFastLane(options: FastLaneOptions): Lane {
  const { pipeline, schema, createDataSources, formatResult, limitRepresentations, inlineTracer } = options;
  const { hasPlugins = false, maxResponseBytes, runsBeforeCompiling = 50 } = options;
  const documents = createKnownDocuments(schema, runsBeforeCompiling);
  const findAskedReads = createAskedReadsFinder(schema);

  /** A document that is not known goes through Yoga's pipeline, and is known from then on. */
  function readDocument(request: GraphQLRequest, context: PipelineContext): KnownDocument | ExecutionResult {
    const { query, operationName } = request.params;
    const refused = documents.refusalOf(query);
    if (refused !== undefined && refused.operationName === operationName) return { errors: refused.errors };
    const { parse, validate } = pipeline.getEnveloped(context);
    let errors: readonly GraphQLError[];
    try {
      const document = parse(query);
      // Another request may name another operation: the document is not to blame.
      if (!getOperationAST(document, operationName)) return { errors: [unclearOperation()] };
      errors = validate(schema, document);
      if (errors.length === 0) return documents.add(query, document);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      errors = [error];
    }
    documents.refuse(query, { operationName, errors });
    return { errors };
  }

  function run(request: GraphQLRequest, context: LaneContext): PromiseOrValue<ExecutionResult> {
    const { query, operationName } = request.params;
    const known = documents.get(query) ?? readDocument(request, context);
    if (!('document' in known)) return known;
    const { document, hash, only } = known;
    const isOnly =
      only !== undefined && (operationName === undefined || operationName === only.operation.name?.value);
    const operation = isOnly ? only.operation : getOperationAST(document, operationName);
    if (!operation) return { errors: [unclearOperation()] };
    const runner = isOnly ? only.run : undefined;
    return admit(request, context, { document, operation, hash }, () =>
      start(request, context, document, runner),
    );
  }

  /** Executes an operation once it is known what it asks for, and that this is allowed. */
  function admit(
    { params: { variables }, statistics, reserve }: GraphQLRequest,
    context: LaneContext,
    { document, operation, hash }: Named,
    execution: () => PromiseOrValue<ExecutionResult>,
  ): PromiseOrValue<ExecutionResult> {
    statistics.operationName = shortenName(operation.name?.value);
    statistics.operationType = operation.operation;
    statistics.operationHash = hash;
    const asked = findAskedReads(document, operation);
    const tooMany = limitRepresentations(asked, variables);
    if (tooMany !== undefined) return { errors: [tooMany] };
    if (asked.valuesOfListed > 0) context.lists = new ListedValues(asked.valuesOfListed);
    const reserved = reserve?.(asked.countReads(variables));
    return reserved === undefined ? execution() : reserved.then(execution);
  }

  /** Runs the whole of Yoga's pipeline, with every hook of every plugin in Yoga's order. */
  function runEnveloped(request: GraphQLRequest, context: LaneContext): PromiseOrValue<ExecutionResult> {
    const { query, operationName, variables } = request.params;
    const enveloped = pipeline.getEnveloped({ ...context, params: request.params });
    let document: DocumentNode;
    let errors: readonly unknown[];
    try {
      document = enveloped.parse(query) as DocumentNode;
      errors = enveloped.validate(schema, document);
    } catch (error) {
      return { errors: [refusedBy(error)] };
    }
    if (errors.length > 0) return { errors: errors.map((error) => refusedBy(error)) };
    const operation = getOperationAST(document, operationName);
    if (!operation) return { errors: [unclearOperation()] };
    const hash = hashOf(query);
    return admit(request, context, { document, operation, hash }, async () => {
      const contextValue = (await enveloped.contextFactory(context)) as object;
      return (await enveloped.execute({
        schema: context.inlineTrace?.schema ?? schema,
        document,
        // The counts of this request's lists are made while it is executed.
        contextValue: Object.assign(context, contextValue),
        variableValues: variables,
        operationName,
      })) as ExecutionResult;
    });
  }

  function start(
    { params: { operationName, variables } }: GraphQLRequest,
    context: PipelineContext,
    document: DocumentNode,
    runner: OperationRunner | undefined,
  ): PromiseOrValue<ExecutionResult> {
    const traced = context.inlineTrace?.schema;
    if (runner !== undefined && traced === undefined) return runner(context, variables);
    return execute({
      schema: traced ?? schema,
      document,
      contextValue: context,
      variableValues: variables,
      operationName,
      hideSuggestions: true,
    });
  }

  function tooLarge(): ExecutionResult {
    return { errors: [responseTooLarge(maxResponseBytes)] };
  }

  return async (request) => {
    const dataSources = createDataSources(request.caller);
    const inlineTrace = request.wantsTrace ? await inlineTracer?.start() : undefined;
    const context: LaneContext = { dataSources, graphqlRequest: request, inlineTrace, lists: undefined };
    let unformatted: ExecutionResult;
    try {
      unformatted = await (hasPlugins ? runEnveloped(request, context) : run(request, context));
      if (context.lists?.isExceeded === true) unformatted = { errors: [tooManyValues()] };
      else if (isSurelyLarger(unformatted.data, maxResponseBytes)) unformatted = tooLarge();
    } catch (error) {
      if (error instanceof Refusal) throw error;
      unformatted = refuse(error);
    }
    let result = formatResult(unformatted, request);
    let body = write(result, inlineTrace);
    if (isLarger(body, maxResponseBytes)) {
      result = formatResult(tooLarge(), request);
      body = write(result, undefined);
    }
    return {
      status: statusOf(result, request.mediaType),
      body,
      cacheControl:
        result.errors !== undefined
          ? cacheControlOf(0, 0)
          : cacheControlOf(dataSources.freshUntil(), Date.now()),
    };
  };
}

function write(result: FormattedResult, inlineTrace: InlineTrace | undefined): string {
  if (inlineTrace === undefined) return JSON.stringify(result);
  return JSON.stringify({ ...result, extensions: { ftv1: inlineTrace.finish(result.errors ?? []) } });
}

interface Named {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly hash: string;
}

type PromiseOrValue<Value> = Value | Promise<Value>;

function unclearOperation(): GraphQLError {
  return new GraphQLError('Name one operation of the document in "operationName".', {
    extensions: { code: 'BAD_REQUEST' },
  });
}

/**
 * What a plugin has against a document, with a code of the table. Plugins that are CommonJS have graphql-js a second
 * time, and with it another class of errors.
 */
function refusedBy(error: unknown): GraphQLError {
  if (!(error instanceof Error) || error.name !== 'GraphQLError') throw error;
  const { message, extensions } = error as GraphQLError;
  if (error instanceof GraphQLError && extensions['code'] !== undefined) return error;
  return new GraphQLError(message, {
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED', ...extensions },
  });
}

/** A syntax error, or a defect before execution: nothing is answered but the error. */
function refuse(error: unknown): ExecutionResult {
  if (error instanceof GraphQLError) return { errors: [error] };
  const originalError = error instanceof Error ? error : new Error('Thrown, and no Error', { cause: error });
  return { errors: [new GraphQLError(originalError.message, { originalError })] };
}
