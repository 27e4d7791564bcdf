import { GraphQLError } from 'graphql';
import type { ExecutionResult, OperationTypeNode } from 'graphql';
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
