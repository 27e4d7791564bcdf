import { Kind } from 'graphql';
import type { DocumentNode, OperationDefinitionNode, SelectionSetNode, ValueNode } from 'graphql';

type Variables = Readonly<Record<string, unknown>> | undefined;

/** The fields that take a list of entities, and the limit that the list counts towards. */
const limitOfField = { _entities: 'representations', personas: 'ids' } as const;
/** The fields that take one key. */
const singleFields = new Set(['persona', 'personasByAgent']);

type ListLimit = (typeof limitOfField)[keyof typeof limitOfField];

/** What an operation asks Bluejay for, as far as its text tells: the lists are mostly in variables. */
export interface AskedReads {
  readonly lists: readonly { readonly limit: ListLimit; length(variables: Variables): number }[];
  /** How many fields read one thing. */
  readonly singles: number;
}

/** Finds what an operation asks for, once: whoever counts it counts by the same. */
export type AskedReadsFinder = (document: DocumentNode, operation: OperationDefinitionNode) => AskedReads;

export function createAskedReadsFinder(): AskedReadsFinder {
  const known = new WeakMap<OperationDefinitionNode, AskedReads>();
  return (document, operation) => {
    let asked = known.get(operation);
    if (asked === undefined) {
      asked = findAskedReads(document, operation);
      known.set(operation, asked);
    }
    return asked;
  };
}

/**
 * The most reads of Bluejay's that an operation can cause, retries left out. Every key that is asked for counts:
 * those that are cached, asked for twice or skipped turn out to cost less.
 */
export function countReads({ lists, singles }: AskedReads, variables: Variables): number {
  let reads = singles;
  for (const { length } of lists) reads += length(variables);
  return reads;
}

/** Finds the fields that read, wherever fragments bring them. The document is valid: no fragment is recursive. */
export function findAskedReads(document: DocumentNode, operation: OperationDefinitionNode): AskedReads {
  const lists: { limit: ListLimit; list: ValueNode }[] = [];
  let singles = 0;
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [],
    ),
  );
  function visit(selectionSet: SelectionSetNode | undefined): void {
    for (const node of selectionSet?.selections ?? []) {
      if (node.kind === Kind.INLINE_FRAGMENT) visit(node.selectionSet);
      else if (node.kind === Kind.FRAGMENT_SPREAD) visit(fragments.get(node.name.value));
      else if (singleFields.has(node.name.value)) singles += 1;
      else if (Object.hasOwn(limitOfField, node.name.value)) {
        const limit = limitOfField[node.name.value as keyof typeof limitOfField];
        lists.push(...(node.arguments ?? []).map(({ value }) => ({ limit, list: value })));
      }
    }
  }
  visit(operation.selectionSet);
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  );
  return {
    singles,
    lists: lists.map(({ limit, list }) => ({
      limit,
      length: (variables) => lengthIn(variables, list, defaults),
    })),
  };
}

function lengthIn(
  variables: Variables,
  list: ValueNode,
  defaults: ReadonlyMap<string, ValueNode | undefined>,
): number {
  if (list.kind !== Kind.VARIABLE) return lengthOf(list);
  const value = variables?.[list.name.value];
  // Where a list is expected, a single value is a list of one.
  if (value !== undefined) return Array.isArray(value) ? value.length : 1;
  return lengthOf(defaults.get(list.name.value));
}

function lengthOf(value: ValueNode | undefined): number {
  if (value === undefined) return 0;
  return value.kind === Kind.LIST ? value.values.length : 1;
}
