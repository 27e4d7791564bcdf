import {
  GraphQLSchema,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  specifiedScalarTypes,
} from 'graphql';
import type { GraphQLNamedType, GraphQLObjectType } from 'graphql';
import { ConfigurationError } from '../shared/configuration-error.ts';
import { rootFieldName, typeName } from '../shared/schema-names.ts';
import type { SchemaNames } from '../shared/schema-names.ts';

/** What of a schema is this subgraph's own: not scalars, and nothing that Federation or GraphQL names. */
export interface OwnNames {
  readonly types: ReadonlySet<string>;
  readonly rootFields: ReadonlySet<string>;
}

/** Finds what of a schema has names that can be changed. */
export function ownNamesOf(schema: GraphQLSchema): OwnNames {
  const roots = rootTypesOf(schema);
  const types = Object.values(schema.getTypeMap()).filter(
    (type) =>
      !isScalarType(type) && !type.name.includes('__') && !type.name.startsWith('_') && !isOneOf(roots, type),
  );
  const rootFields = roots.flatMap((root) => Object.keys(root.getFields()));
  return {
    types: new Set(types.map(({ name }) => name)),
    rootFields: new Set(rootFields.filter((name) => !name.startsWith('_'))),
  };
}

/**
 * Gives a schema the names of a deployment, once and in place: execution knows no other ones. Descriptions that mention
 * a name in code marks follow.
 *
 * @param own what is renamed; an embedder's own types and fields keep their names
 * @throws {ConfigurationError} for a name that the schema has already
 */
export function renameSchema(schema: GraphQLSchema, own: OwnNames, names: SchemaNames): GraphQLSchema {
  const typeNames = new Map([...own.types].map((name) => [name, typeName(names, name)]));
  const fieldNames = new Map([...own.rootFields].map((name) => [name, rootFieldName(names, name)]));
  const types = Object.values(schema.getTypeMap());
  checkNames(types, typeNames, names);

  const describe = (described: { description?: string | null | undefined }) => {
    described.description = described.description?.replaceAll(
      /`(\w+)/g,
      (mention, name: string) => `\`${fieldNames.get(name) ?? typeNames.get(name) ?? name}`,
    );
  };
  for (const type of types) {
    if (type.name.startsWith('__') || isSpecifiedScalarType(type)) continue;
    describe(type);
    if ('getFields' in type) {
      for (const field of Object.values(type.getFields())) {
        describe(field);
        if ('args' in field) for (const argument of field.args) describe(argument);
      }
    }
    type.name = typeNames.get(type.name) ?? type.name;
  }
  for (const root of rootTypesOf(schema)) renameFields(root, fieldNames);
  // The schema finds types by their names as they were when it was created.
  return new GraphQLSchema(schema.toConfig());
}

/** @throws {ConfigurationError} for a field that an embedder has added already */
function renameFields(root: GraphQLObjectType, fieldNames: ReadonlyMap<string, string>): void {
  const fields = root.getFields();
  const all = Object.values(fields);
  for (const { name } of all) delete fields[name];
  for (const field of all) {
    field.name = fieldNames.get(field.name) ?? field.name;
    if (fields[field.name] !== undefined) throw taken('SCHEMA_PREFIX');
    fields[field.name] = field;
  }
}

function taken(variable: string): ConfigurationError {
  return new ConfigurationError([`${variable}: expected a name that the schema does not have already`]);
}

function isOneOf(types: readonly GraphQLNamedType[], type: GraphQLNamedType): boolean {
  return types.includes(type);
}

function rootTypesOf(schema: GraphQLSchema): GraphQLObjectType[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(isObjectType);
}

const rootNames = ['Query', 'Mutation', 'Subscription'];

function checkNames(
  types: readonly GraphQLNamedType[],
  typeNames: ReadonlyMap<string, string>,
  { agentType }: SchemaNames,
): void {
  const used = new Set([...rootNames, ...specifiedScalarTypes.map(({ name }) => name)]);
  for (const type of types) {
    if (isSpecifiedScalarType(type) || rootNames.includes(type.name)) continue;
    const name = typeNames.get(type.name) ?? type.name;
    if (used.has(name)) throw taken(name === agentType ? 'AGENT_TYPE' : 'SCHEMA_PREFIX');
    used.add(name);
  }
}
