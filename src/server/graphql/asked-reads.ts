import { getNamedType, getNullableType, isListType, isObjectType, Kind } from 'graphql';
import type {
  DocumentNode,
  FieldNode,
  GraphQLField,
  GraphQLObjectType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
  ValueNode,
} from 'graphql';
import { assumedListSize, pointsOfWrite, readsOf } from '../../schema/reads.ts';

type Variables = Readonly<Record<string, unknown>> | undefined;

/** The reads that an operation requests. Most keys of lists are in variables, so the counts are functions of these. */
export interface AskedReads {
  /**
   * Returns the most reads that the operation can cause, without retries. Every key counts, also one that is cached,
   * repeated or skipped.
   */
  countReads(variables: Variables): number;
  /** What these reads count as for the rate limit, where writes are among them: a write is dearer than a read. */
  readonly countPoints: ((variables: Variables) => number) | undefined;
  readonly lists: readonly AskedList[];
  /** The most values of an item of the lists whose length only the service knows; 0 without such a list. */
  readonly valuesOfListed: number;
}

interface AskedList {
  /** The name of the limit on the keys. */
  readonly limit: string;
  /** How many values each item has in the answer, estimated. */
  readonly valuesOfItem: number;
  length(variables: Variables): number;
}

/** A number that may depend on the variables. */
type Count = number | ((variables: Variables) => number);

/** A selected field and its definition. */
interface AskedField {
  readonly node: FieldNode;
  readonly field: GraphQLField<unknown, unknown>;
}

/**
 * Finds the fields of an operation that read, in fragments, too.
 *
 * @param document one that is valid, so that no fragment is recursive
 */
export function findAskedReads(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): AskedReads {
  const lists: AskedList[] = [];
  const reads: Count[] = [];
  const writes: Count[] = [];
  let valuesOfListed = 0;
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  );

  function* fieldsOf(
    selectionSet: SelectionSetNode | undefined,
    type: GraphQLObjectType | undefined,
  ): Iterable<AskedField> {
    for (const node of selectionSet?.selections ?? []) {
      if (node.kind === Kind.FIELD) {
        // `__typename` has no definition there.
        const field = type?.getFields()[node.name.value];
        if (field !== undefined) yield { node, field };
        continue;
      }
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
      const condition = fragment?.typeCondition?.name.value;
      yield* fieldsOf(fragment?.selectionSet, condition === undefined ? type : objectType(schema, condition));
    }
  }

  /** Estimates how many values an object has in the answer, with all that are nested in it. */
  function countValues(
    selectionSet: SelectionSetNode | undefined,
    type: GraphQLObjectType | undefined,
  ): number {
    let values = 0;
    for (const { node, field } of fieldsOf(selectionSet, type)) {
      if (node.selectionSet === undefined) {
        values += 1;
        continue;
      }
      const below = countValues(node.selectionSet, objectTypeOf(field));
      values += 1 + (isList(field) ? countListed(below) * assumedListSize : below);
    }
    return values;
  }

  function countListed(values: number): number {
    valuesOfListed = Math.max(valuesOfListed, values);
    return values;
  }

  /** @param parents how many objects have the selection set */
  function visit(
    selectionSet: SelectionSetNode | undefined,
    type: GraphQLObjectType | undefined,
    parents: Count,
  ): void {
    for (const { node, field } of fieldsOf(selectionSet, type)) {
      const declared = readsOf(field);
      const below = objectTypeOf(field);
      if (declared?.reads === 'each') {
        const list = node.arguments?.find(({ name }) => name.value === declared.of)?.value;
        const length = (variables: Variables) =>
          list === undefined ? 0 : lengthIn(variables, list, defaults);
        lists.push({ limit: declared.limit, valuesOfItem: countValues(node.selectionSet, below), length });
        const items = multiply(parents, length);
        reads.push(items);
        visit(node.selectionSet, below, items);
        continue;
      }
      if (declared?.reads === 'one' || declared?.reads === 'write') reads.push(parents);
      if (declared?.reads === 'write') writes.push(parents);
      if (!isList(field)) {
        visit(node.selectionSet, below, parents);
        continue;
      }
      countListed(countValues(node.selectionSet, below));
      visit(node.selectionSet, below, multiply(parents, assumedListSize));
    }
  }

  visit(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined, 1);
  const countReads = createCounter(reads);
  const countWrites = createCounter(writes);
  const countPoints =
    writes.length === 0
      ? undefined
      : (variables: Variables) => countReads(variables) + countWrites(variables) * (pointsOfWrite - 1);
  return { lists, valuesOfListed, countReads, countPoints };
}

function createCounter(counts: readonly Count[]): (variables: Variables) => number {
  let fixed = 0;
  const variable: Exclude<Count, number>[] = [];
  for (const count of counts) {
    if (typeof count === 'number') fixed += count;
    else variable.push(count);
  }
  return (variables) => {
    let sum = fixed;
    for (const count of variable) sum += count(variables);
    return sum;
  };
}

function multiply(one: Count, other: Count): Count {
  if (typeof one === 'number' && typeof other === 'number') return one * other;
  const valueOf = (count: Count, variables: Variables) =>
    typeof count === 'number' ? count : count(variables);
  return (variables) => valueOf(one, variables) * valueOf(other, variables);
}

function isList({ type }: GraphQLField<unknown, unknown>): boolean {
  return isListType(getNullableType(type));
}

/** @returns undefined for a scalar, and for a union, whose fields are selected by fragments */
function objectTypeOf({ type }: GraphQLField<unknown, unknown>): GraphQLObjectType | undefined {
  const named = getNamedType(type);
  return isObjectType(named) ? named : undefined;
}

function objectType(schema: GraphQLSchema, name: string): GraphQLObjectType | undefined {
  const type = schema.getType(name);
  return isObjectType(type) ? type : undefined;
}

function lengthIn(
  variables: Variables,
  list: ValueNode,
  defaults: ReadonlyMap<string, ValueNode | undefined>,
): number {
  if (list.kind !== Kind.VARIABLE) return lengthOf(list);
  const name = list.name.value;
  // Ignores inherited names: a variable may be named `toString`.
  const value = variables !== undefined && Object.hasOwn(variables, name) ? variables[name] : undefined;
  // GraphQL coerces a single value to a list of one.
  if (value !== undefined) return Array.isArray(value) ? value.length : 1;
  return lengthOf(defaults.get(name));
}

function lengthOf(value: ValueNode | undefined): number {
  if (value === undefined) return 0;
  return value.kind === Kind.LIST ? value.values.length : 1;
}
