import type { DocumentNode, GraphQLError, OperationDefinitionNode } from 'graphql';
import { findAskedReads } from './asked-reads.ts';
import type { ListLimit } from './asked-reads.ts';
import { tooComplex } from './limits/limit-error.ts';

/** Refuses an operation that asks for too much, before anything is read. */
export type RepresentationLimit = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>> | undefined,
) => GraphQLError | undefined;

/** Which limit a request breaks, if any, by the places where lists stand in an operation. */
type Check = (variables: Readonly<Record<string, unknown>> | undefined) => ListLimit | undefined;

/**
 * Counts the representations of all `_entities` fields of a request together, and the ids of all `personas`
 * fields. They are mostly in variables, so what validation finds out about a document, and caches, says
 * nothing about them.
 *
 * @param maximum the most of either that one request may have
 */
export function createRepresentationLimit(maximum: number): RepresentationLimit {
  const checks = new WeakMap<OperationDefinitionNode, Check>();
  return (document, operation, variables) => {
    let check = checks.get(operation);
    if (check === undefined) {
      check = createCheck(document, operation, maximum);
      checks.set(operation, check);
    }
    const broken = check(variables);
    if (broken === undefined) return undefined;
    return tooComplex(broken, `At most ${maximum} ${broken} at a time: split the request.`);
  };
}

const passes: Check = () => undefined;

function createCheck(document: DocumentNode, operation: OperationDefinitionNode, maximum: number): Check {
  const { lists } = findAskedReads(document, operation);
  if (lists.length === 0) return passes;
  return (variables) => {
    const totals = { representations: 0, ids: 0 };
    for (const { limit, length } of lists) {
      totals[limit] += length(variables);
      if (totals[limit] > maximum) return limit;
    }
    return undefined;
  };
}
