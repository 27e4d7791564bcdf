import { GraphQLError, Kind } from 'graphql';
import type { DocumentNode, OperationDefinitionNode, SelectionSetNode, ValueNode } from 'graphql';

/** Refuses an operation that asks for too much, before anything is read. */
export type RepresentationLimit = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>> | undefined,
) => GraphQLError | undefined;

/** How many representations a request has, by the places where they stand in an operation. */
type Count = (variables: Readonly<Record<string, unknown>> | undefined) => number;

/**
 * Counts the representations of all `_entities` fields of a request together. They are mostly in variables,
 * so what validation finds out about a document, and caches, says nothing about them.
 *
 * @param maximum the most that one request may have
 */
export function createRepresentationLimit(maximum: number): RepresentationLimit {
  const counts = new WeakMap<OperationDefinitionNode, Count>();
  return (document, operation, variables) => {
    let count = counts.get(operation);
    if (count === undefined) {
      count = countIn(document, operation);
      counts.set(operation, count);
    }
    if (count(variables) <= maximum) return undefined;
    return new GraphQLError(`At most ${maximum} representations at a time: split the request.`, {
      extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'representations' },
    });
  };
}

const none: Count = () => 0;

/** The document is valid: its fragments are there and not recursive. */
function countIn(document: DocumentNode, operation: OperationDefinitionNode): Count {
  const lists: ValueNode[] = [];
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [],
    ),
  );
  function visit(selectionSet: SelectionSetNode | undefined): void {
    for (const node of selectionSet?.selections ?? []) {
      if (node.kind === Kind.INLINE_FRAGMENT) visit(node.selectionSet);
      else if (node.kind === Kind.FRAGMENT_SPREAD) visit(fragments.get(node.name.value));
      else if (node.name.value === '_entities') {
        lists.push(...(node.arguments ?? []).map(({ value }) => value));
      }
    }
  }
  visit(operation.selectionSet);
  if (lists.length === 0) return none;
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  );
  return (variables) => {
    let total = 0;
    for (const list of lists) {
      if (list.kind !== Kind.VARIABLE) total += lengthOf(list);
      else {
        const value = variables?.[list.name.value];
        // Where a list is expected, a single value is a list of one.
        if (value !== undefined) total += Array.isArray(value) ? value.length : 1;
        else total += lengthOf(defaults.get(list.name.value));
      }
    }
    return total;
  };
}

function lengthOf(value: ValueNode | undefined): number {
  if (value === undefined) return 0;
  return value.kind === Kind.LIST ? value.values.length : 1;
}
