import { GraphQLError } from 'graphql';
import type { ExecutionResult, OperationDefinitionNode, OperationTypeNode } from 'graphql';
import type { AskedReads } from './asked-reads.ts';
import type { OperationRunner } from './operation-runner.ts';
import type { PipelineContext } from './pipeline.ts';
import type { GraphQLRequest } from './request.ts';

/** An operation that has passed parsing, the limits and validation. */
export interface PreparedOperation {
  /** As the log has it. */
  readonly name: string | undefined;
  readonly type: OperationTypeNode;
  /** See `KnownDocument`. */
  readonly hash: string;
  readonly asked: AskedReads;
  /** The names of the variables that the operation declares. */
  readonly variableNames: readonly string[];
  readonly run: OperationRunner;
}

/**
 * Finds the operation that a request asks for.
 *
 * @returns the errors where the document is refused
 * @throws what a plugin throws, and defects
 */
export type Preparation = (
  request: GraphQLRequest,
  context: PipelineContext,
) => PreparedOperation | RefusedOperation;

export type RefusedOperation = Required<Pick<ExecutionResult, 'errors'>>;

/** The refusal of a request whose `operationName` fits no operation, or is missing where there are several. */
export function operationNotFound(): GraphQLError {
  return new GraphQLError('Name one operation of the document in "operationName".', {
    extensions: { code: 'BAD_REQUEST' },
  });
}

/** Returns the names of the variables that an operation declares. */
export function variableNamesOf({ variableDefinitions = [] }: OperationDefinitionNode): readonly string[] {
  return variableDefinitions.map(({ variable }) => variable.name.value);
}
