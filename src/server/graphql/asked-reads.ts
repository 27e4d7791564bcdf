import { Kind } from 'graphql';
import type { DocumentNode, FieldNode, OperationDefinitionNode, SelectionSetNode, ValueNode } from 'graphql';
import { assumedListSize } from '../../schema/agent.ts';

type Variables = Readonly<Record<string, unknown>> | undefined;

/** The fields that take a list of entities, and the limit that the list counts towards. */
const limitOfField = { _entities: 'representations', personas: 'ids' } as const;
/** The fields that take one key. */
const singleFields = new Set(['persona', 'personasByAgent']);

type ListLimit = (typeof limitOfField)[keyof typeof limitOfField];

/** What an operation asks Bluejay for, as far as its text tells: the lists are mostly in variables. */
export interface AskedReads {
  readonly lists: readonly AskedList[];
  /** How many fields read one thing. */
  readonly singles: number;
  /** The most values that an item of one of Bluejay's lists has; 0 where the operation asks for none. */
  readonly valuesOfListed: number;
}

interface AskedList {
  readonly limit: ListLimit;
  /** About how many values each of its items has in the answer. */
  readonly valuesOfItem: number;
  length(variables: Variables): number;
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
  const lists: { limit: ListLimit; list: ValueNode; valuesOfItem: number }[] = [];
  let singles = 0;
  let valuesOfListed = 0;
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [],
    ),
  );
  /** With the fields that fragments bring. */
  function* fieldsOf(selectionSet: SelectionSetNode | undefined): Iterable<FieldNode> {
    for (const node of selectionSet?.selections ?? []) {
      if (node.kind === Kind.FIELD) yield node;
      else if (node.kind === Kind.INLINE_FRAGMENT) yield* fieldsOf(node.selectionSet);
      else yield* fieldsOf(fragments.get(node.name.value));
    }
  }
  function countValues(selectionSet: SelectionSetNode | undefined): number {
    let values = 0;
    for (const field of fieldsOf(selectionSet)) {
      values += 1 + countListed(field.selectionSet) * assumedListSize;
    }
    return values;
  }
  /** What has fields of its own below an item is a list. */
  function countListed(selectionSet: SelectionSetNode | undefined): number {
    const values = countValues(selectionSet);
    valuesOfListed = Math.max(valuesOfListed, values);
    return values;
  }
  for (const field of fieldsOf(operation.selectionSet)) {
    const name = field.name.value;
    if (singleFields.has(name)) singles += 1;
    if (name === 'personasByAgent') countListed(field.selectionSet);
    if (Object.hasOwn(limitOfField, name)) {
      const limit = limitOfField[name as keyof typeof limitOfField];
      const valuesOfItem = countValues(field.selectionSet);
      lists.push(...(field.arguments ?? []).map(({ value }) => ({ limit, list: value, valuesOfItem })));
    }
  }
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  );
  return {
    singles,
    valuesOfListed,
    lists: lists.map(({ limit, list, valuesOfItem }) => ({
      limit,
      valuesOfItem,
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
  const name = list.name.value;
  // Not what every object has: a variable may be named `toString`.
  const value = variables !== undefined && Object.hasOwn(variables, name) ? variables[name] : undefined;
  // Where a list is expected, a single value is a list of one.
  if (value !== undefined) return Array.isArray(value) ? value.length : 1;
  return lengthOf(defaults.get(name));
}

function lengthOf(value: ValueNode | undefined): number {
  if (value === undefined) return 0;
  return value.kind === Kind.LIST ? value.values.length : 1;
}
