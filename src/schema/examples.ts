import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import type {
  GraphQLArgument,
  GraphQLField,
  GraphQLInputType,
  GraphQLNamedOutputType,
  GraphQLObjectType,
  GraphQLSchema,
} from 'graphql';

/** The persona of Bluejay's reference page. */
const id = '3c90c3cc-0d44-4b50-8888-8dd25736052a';

type ScalarExamples = Readonly<Record<string, unknown>>;

/** Of each scalar a value that the sandbox knows. */
const scalarExamples: ScalarExamples = {
  UUID: id,
  ID: '7',
  DateTime: '2023-11-07T05:31:56Z',
  Int: 1,
  Float: 1,
  Boolean: true,
};

/** How deep objects are asked for, and input objects filled in. */
const maxDepth = 2;

export interface Examples {
  /** An operation for each field of the root types, with its description. */
  readonly document: string;
  /** For all operations together. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Examples of everything that the schema can do, for GraphiQL. What is deprecated has none. */
export function createExamples(schema: GraphQLSchema): Examples {
  const variables = createVariables({ ...scalarExamples, _Any: { __typename: entityOf(schema), id } });
  const names = new Set<string>();
  const operations = [
    ...fieldsOf(schema.getQueryType()).map((field) => ['query', field] as const),
    ...fieldsOf(schema.getMutationType()).map((field) => ['mutation', field] as const),
  ].map(([kind, field]) => {
    const base = capitalise(field.name.replace(/^_+/, ''));
    const name = names.has(base) ? `${base}${capitalise(kind)}` : base;
    names.add(name);
    return describeOperation(schema, kind, name, field, variables);
  });
  return { document: operations.join('\n'), variables: variables.values };
}

/** Returns the entity's name, before which a deployment may put a prefix. */
function entityOf(schema: GraphQLSchema): string | undefined {
  const entities = schema.getType('_Entity');
  const types = isAbstractType(entities) ? schema.getPossibleTypes(entities) : [];
  return types.find(({ name }) => name.endsWith('CustomerPersona'))?.name;
}

/** What clients call, and then what routers call. `_service` is for composition. */
function fieldsOf(type: GraphQLObjectType | null | undefined): AnyField[] {
  const fields = Object.values(type?.getFields() ?? {}).filter(
    ({ name, deprecationReason }) => name !== '_service' && deprecationReason == null,
  );
  return fields.toSorted((a, b) => Number(a.name.startsWith('_')) - Number(b.name.startsWith('_')));
}

type AnyField = GraphQLField<unknown, unknown>;

function describeOperation(
  schema: GraphQLSchema,
  kind: 'query' | 'mutation',
  name: string,
  field: AnyField,
  variables: Variables,
): string {
  const args = field.args.filter(isRequiredArgument).map((arg) => ({
    arg,
    variable: variables.add(field.name, arg),
  }));
  const definitions = args.map(({ arg, variable }) => `$${variable}: ${String(arg.type)}`);
  const values = args.map(({ arg, variable }) => `${arg.name}: $${variable}`);
  const selection = select(schema, getNamedType(field.type), [], '  ') ?? ' { __typename }';
  return (
    comment(field.description ?? 'What a router asks a subgraph.') +
    `${kind} ${name}${inParentheses(definitions)} {\n` +
    `  ${field.name}${inParentheses(values)}${selection}\n}\n`
  );
}

/** Every field that needs no argument. @returns undefined where there is none, or the type is selected already */
function select(
  schema: GraphQLSchema,
  type: GraphQLNamedOutputType,
  path: readonly GraphQLNamedOutputType[],
  indent: string,
): string | undefined {
  if (isLeafType(type)) return '';
  if (path.includes(type) || path.length >= maxDepth) return undefined;
  const inner = `${indent}  `;
  const lines = isObjectType(type)
    ? Object.values(type.getFields()).flatMap((field) => {
        if (field.args.some(isRequiredArgument) || field.deprecationReason != null) return [];
        const selection = select(schema, getNamedType(field.type), [...path, type], inner);
        return selection === undefined ? [] : [`${field.name}${selection}`];
      })
    : possibleTypesOf(schema, type).flatMap((possible) => {
        const selection = select(schema, possible, path, inner);
        return selection === undefined ? [] : [`... on ${possible.name}${selection}`];
      });
  if (lines.length === 0) return undefined;
  return ` {\n${lines.map((line) => `${inner}${line}\n`).join('')}${indent}}`;
}

function possibleTypesOf(schema: GraphQLSchema, type: GraphQLNamedOutputType): readonly GraphQLObjectType[] {
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [];
}

interface Variables {
  readonly values: Record<string, unknown>;
  /** @returns the name of a variable for the argument: one of the same name and type is shared */
  add(field: string, arg: GraphQLArgument): string;
}

function createVariables(scalars: ScalarExamples): Variables {
  const types = new Map<string, string>();
  const values: Record<string, unknown> = {};
  return {
    values,
    add(field, arg) {
      const type = String(arg.type);
      const isTaken = (types.get(arg.name) ?? type) !== type;
      const name = isTaken ? `${field}${capitalise(arg.name)}` : arg.name;
      types.set(name, type);
      values[name] = exampleOf(arg.type, arg.name, 0, scalars);
      return name;
    },
  };
}

function exampleOf(type: GraphQLInputType, name: string, depth: number, scalars: ScalarExamples): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [exampleOf(nullable.ofType, name, depth, scalars)];
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name;
  if (!isInputObjectType(nullable)) return scalars[nullable.name] ?? `An example of ${name}`;
  const fields = Object.values(nullable.getFields()).filter(
    (field) => isNonNullType(field.type) || (depth < maxDepth && field.deprecationReason == null),
  );
  return Object.fromEntries(
    (nullable.isOneOf ? fields.slice(0, 1) : fields).map((field) => [
      field.name,
      exampleOf(field.type, field.name, depth + 1, scalars),
    ]),
  );
}

function inParentheses(items: readonly string[]): string {
  return items.length === 0 ? '' : `(${items.join(', ')})`;
}

/** Lines of a description as comments, none longer than 100 characters where its words allow. */
function comment(description: string): string {
  return description.replaceAll(/(?=\S)(.{1,98})(?:\s+|$)/g, '# $1\n');
}

function capitalise(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
