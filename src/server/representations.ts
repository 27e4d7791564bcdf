import { Kind } from 'graphql';
import type {
  GraphQLError,
  DocumentNode,
  OperationDefinitionNode,
  SelectionSetNode,
  ValueNode,
} from 'graphql';
import { tooComplex } from './limits/limit-error.ts';

/** Refuses an operation that asks for too much, before anything is read. */
export type RepresentationLimit = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>> | undefined,
) => GraphQLError | undefined;

/** The fields that take a list of entities, and the limit that the list counts towards. */
const limitOfField = { _entities: 'representations', personas: 'ids' } as const;

type LimitName = (typeof limitOfField)[keyof typeof limitOfField];

/** Which limit a request breaks, if any, by the places where lists stand in an operation. */
type Check = (variables: Readonly<Record<string, unknown>> | undefined) => LimitName | undefined;

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

/** The document is valid: its fragments are there and not recursive. */
function createCheck(document: DocumentNode, operation: OperationDefinitionNode, maximum: number): Check {
  const lists: { limit: LimitName; list: ValueNode }[] = [];
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [],
    ),
  );
  function visit(selectionSet: SelectionSetNode | undefined): void {
    for (const node of selectionSet?.selections ?? []) {
      if (node.kind === Kind.INLINE_FRAGMENT) visit(node.selectionSet);
      else if (node.kind === Kind.FRAGMENT_SPREAD) visit(fragments.get(node.name.value));
      else if (Object.hasOwn(limitOfField, node.name.value)) {
        const limit = limitOfField[node.name.value as keyof typeof limitOfField];
        lists.push(...(node.arguments ?? []).map(({ value }) => ({ limit, list: value })));
      }
    }
  }
  visit(operation.selectionSet);
  if (lists.length === 0) return passes;
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  );
  const lengthIn = (variables: Readonly<Record<string, unknown>> | undefined, list: ValueNode) => {
    if (list.kind !== Kind.VARIABLE) return lengthOf(list);
    const value = variables?.[list.name.value];
    // Where a list is expected, a single value is a list of one.
    if (value !== undefined) return Array.isArray(value) ? value.length : 1;
    return lengthOf(defaults.get(list.name.value));
  };
  return (variables) => {
    const totals = { representations: 0, ids: 0 };
    for (const { limit, list } of lists) {
      totals[limit] += lengthIn(variables, list);
      if (totals[limit] > maximum) return limit;
    }
    return undefined;
  };
}

function lengthOf(value: ValueNode | undefined): number {
  if (value === undefined) return 0;
  return value.kind === Kind.LIST ? value.values.length : 1;
}
