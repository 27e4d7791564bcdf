import { execute, OperationTypeNode, visit } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Context } from '../../schema/index.ts';

type Variables = Readonly<Record<string, unknown>> | undefined;

/** Executes the one operation of a document that has passed validation. */
export type OperationRunner = (
  context: Context,
  variables: Variables,
) => ExecutionResult | Promise<ExecutionResult>;

export interface OperationRunnerOptions {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  /** How often the operation is run by graphql-js first. */
  readonly runsBeforeCompiling: number;
}

type State =
  /** graphql-js walks the document. */
  | { readonly kind: 'interpreted'; runs: number }
  | { readonly kind: 'compiled'; readonly query: OperationRunner }
  | { readonly kind: 'not_compilable' };

/**
 * Runs an operation by graphql-js at first, and compiled (graphql-jit) once it has proved to be common.
 *
 * graphql-js stays the reference: what graphql-jit is known to do differently is never compiled, and a result
 * with errors is made again by graphql-js, whose errors are those of the table. That costs no second upstream
 * call, because the data sources of a request remember what they have read. Of a mutation that would not be true: it is
 * never compiled, so never executed twice.
 */
export function createOperationRunner(options: OperationRunnerOptions): OperationRunner {
  const { schema, document, runsBeforeCompiling } = options;
  let state: State = { kind: 'interpreted', runs: 0 };

  const interpret: OperationRunner = (contextValue, variableValues) =>
    execute({ schema, document, contextValue, variableValues, hideSuggestions: true });

  return (context, variables) => {
    if (state.kind === 'interpreted') {
      state.runs += 1;
      if (state.runs > runsBeforeCompiling) state = compile(schema, document);
    }
    if (state.kind !== 'compiled') return interpret(context, variables);
    const finish = (result: ExecutionResult) => {
      if (result.errors === undefined) return result;
      context.lists?.restart();
      return interpret(context, variables);
    };
    const result = state.query(context, variables);
    return result instanceof Promise ? result.then(finish) : finish(result);
  };
}

function compile(schema: GraphQLSchema, document: DocumentNode): State {
  if (!isCompilable(document)) return { kind: 'not_compilable' };
  try {
    const compiled = compileQuery(schema, document, '');
    if (!isCompiledQuery(compiled)) return { kind: 'not_compilable' };
    return {
      kind: 'compiled',
      query: (context, variables) => compiled.query(undefined, context, variables ?? {}),
    };
  } catch {
    // Such as a process that may not make code from strings.
    return { kind: 'not_compilable' };
  }
}

/**
 * Where graphql-jit 0.8 differs without an error: `__proto__` as a name is lost, and @skip and @include change
 * the order of fields and take a null for their variable's default. The tests in test/lanes found these.
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
  });
  return compilable;
}
