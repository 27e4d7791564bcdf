import { GraphQLError, OperationTypeNode } from 'graphql';
import type { ExecutionResult, OperationDefinitionNode } from 'graphql';
import { Refusal } from '../http/refusal.ts';
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

/**
 * Creates the error of a request whose `operationName` fits no operation, or is missing where there are several.
 *
 * @param name the `operationName`, which the message repeats where it is a valid name
 */
export function operationNotFound(name: string | undefined): GraphQLError {
  return new GraphQLError(describeOperationName(name), { extensions: { code: 'BAD_REQUEST' } });
}

function describeOperationName(name: string | undefined): string {
  if (name === undefined) return 'Name one operation of the document in "operationName".';
  if (/^\w{1,100}$/.test(name)) return `Unknown operation named "${name}".`;
  return 'The "operationName" cannot be the name of an operation.';
}

/**
 * Refuses an operation that a GET must not execute.
 *
 * @throws {Refusal} 405 for anything but a query
 */
export function requireQuery(type: OperationTypeNode): void {
  if (type === OperationTypeNode.QUERY) return;
  throw new Refusal(405, 'BAD_REQUEST', 'GET is for queries: send other operations with POST.', {
    allow: 'POST',
  });
}

/** Returns the names of the variables that an operation declares. */
export function variableNamesOf({ variableDefinitions = [] }: OperationDefinitionNode): readonly string[] {
  return variableDefinitions.map(({ variable }) => variable.name.value);
}
