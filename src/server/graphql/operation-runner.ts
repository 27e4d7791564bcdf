import { execute, OperationTypeNode, visit } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { CompiledQuery } from 'graphql-jit';
import { UpstreamError } from '../../datasources/upstream/errors.ts';
import type { PipelineContext } from './pipeline.ts';

type Variables = Readonly<Record<string, unknown>> | undefined;

/** Executes an operation that has passed validation. */
export type OperationRunner = (
  context: PipelineContext,
  variables: Variables,
) => ExecutionResult | Promise<ExecutionResult>;

export interface OperationRunnerOptions {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  /** Which operation of the document is executed; undefined where it has only one. */
  readonly operationName: string | undefined;
  /** How often graphql-js executes the operation before it is compiled. */
  readonly runsBeforeCompiling: number;
  /** Whether errors suggest names of the schema. */
  readonly suggests: boolean;
}

/**
 * Runs an operation with graphql-js at first, and compiled (graphql-jit) after `runsBeforeCompiling` runs.
 *
 * graphql-js is the reference. What graphql-jit is known to do differently is not compiled, and graphql-js repeats an
 * execution whose result has other errors than failed calls, so that the errors are those that the table knows. The
 * repetition causes no second upstream call, because the data sources of a request remember what they have read. A
 * mutation would be executed twice, so it is never compiled.
 */
export function createOperationRunner(options: OperationRunnerOptions): OperationRunner {
  const { schema, document, operationName, runsBeforeCompiling, suggests } = options;
  let runs = 0;
  /** Undefined before the operation is compiled, and where it cannot be. */
  let compiled: CompiledQuery['query'] | undefined;

  function interpret(contextValue: PipelineContext, variableValues: Variables) {
    const { inlineTrace } = contextValue;
    return execute({
      schema: inlineTrace === undefined ? schema : inlineTrace.schema,
      document,
      contextValue,
      variableValues,
      operationName,
      hideSuggestions: !suggests,
    });
  }

  return (context, variables) => {
    if (context.inlineTrace !== undefined) return interpret(context, variables);
    runs += 1;
    if (runs === runsBeforeCompiling + 1) compiled = compile(options);
    if (compiled === undefined) return interpret(context, variables);
    const result = compiled(undefined, context, variables ?? {});
    const repeatWithErrors = (first: ExecutionResult) => {
      const { errors, data } = first;
      if (errors === undefined) return first;
      // In the order of graphql-js (GraphQL, section 7.1: errors come first).
      if (errors.every(isFormattedAlike)) return { errors, data: data ?? null };
      context.lists?.restart();
      return interpret(context, variables);
    };
    return result instanceof Promise ? result.then(repeatWithErrors) : repeatWithErrors(result);
  };
}

/**
 * Whether the compiled operation answers a failed field as graphql-js does: a failed call is formatted by its own error and
 * its place. Within lists graphql-jit 0.8 may put the null at another place.
 */
function isFormattedAlike({ originalError, path = [] }: GraphQLError): boolean {
  return originalError instanceof UpstreamError && path.every((key) => typeof key === 'string');
}

/** @returns undefined where graphql-jit cannot compile the operation, or would execute it differently */
function compile({
  schema,
  document,
  operationName,
}: OperationRunnerOptions): CompiledQuery['query'] | undefined {
  if (!isCompilable(document)) return undefined;
  try {
    const compiled = compileQuery(schema, document, operationName);
    return isCompiledQuery(compiled) ? compiled.query : undefined;
  } catch {
    // A process may forbid code from strings.
    return undefined;
  }
}

/**
 * Returns whether graphql-jit 0.8 executes a document as graphql-js does. It loses fields named `__proto__`; @skip and
 * @include change the order of fields, and take a null for the default of their variable; a scalar does not see the
 * variables in an object. test/compiled compares both.
 */
function isCompilable(document: DocumentNode): boolean {
  let compilable = true;
  visit(document, {
    OperationDefinition({ operation }) {
      if (operation !== OperationTypeNode.QUERY) compilable = false;
    },
    Name(node) {
      if (node.value === '__proto__') compilable = false;
    },
    Directive() {
      compilable = false;
    },
    // At any depth: `{ id: $id }` and `{ ids: [$id] }` alike.
    ObjectValue(node) {
      visit(node, {
        Variable() {
          compilable = false;
        },
      });
    },
  });
  return compilable;
}
