import { getOperationAST, GraphQLError } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import { findAskedReads } from './asked-reads.ts';
import { hashOf } from './known-documents.ts';
import type { Pipeline } from './pipeline.ts';
import { operationNotFound, variableNamesOf } from './preparation.ts';
import type { Preparation } from './preparation.ts';
import { shortenName } from './result.ts';

/** Sends each request through the whole of Yoga's pipeline, with every hook of every plugin in Yoga's order. */
export function createPluginPreparation(pipeline: Pipeline, schema: GraphQLSchema): Preparation {
  return ({ params }, context) => {
    const { query, operationName } = params;
    const enveloped = pipeline.getEnveloped({ ...context, params });
    let document: DocumentNode;
    let errors: readonly unknown[];
    try {
      document = enveloped.parse(query) as DocumentNode;
      errors = enveloped.validate(schema, document);
    } catch (error) {
      return { errors: [toRefusal(error)] };
    }
    if (errors.length > 0) return { errors: errors.map((error) => toRefusal(error)) };
    const operation = getOperationAST(document, operationName);
    if (!operation) return { errors: [operationNotFound(operationName)] };
    return {
      name: shortenName(operation.name?.value),
      type: operation.operation,
      hash: hashOf(query),
      asked: findAskedReads(schema, document, operation),
      variableNames: variableNamesOf(operation),
      async run() {
        const contextValue = (await enveloped.contextFactory(context)) as object;
        return (await enveloped.execute({
          schema: context.inlineTrace?.schema ?? schema,
          document,
          // The same object, because the executor reads its `lists` after the execution.
          contextValue: Object.assign(context, contextValue),
          variableValues: params.variables,
          operationName,
        })) as ExecutionResult;
      },
    };
  };
}

/**
 * Gives the error of a plugin a code of the error table. A CommonJS plugin loads a second copy of graphql-js, whose
 * errors are instances of another class.
 *
 * @throws what is no GraphQLError: a defect of the plugin
 */
function toRefusal(error: unknown): GraphQLError {
  if (!(error instanceof Error) || error.name !== 'GraphQLError') throw error;
  const { message, extensions } = error as GraphQLError;
  if (error instanceof GraphQLError && extensions['code'] !== undefined) return error;
  return new GraphQLError(message, {
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED', ...extensions },
  });
}
