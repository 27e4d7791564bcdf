import { printSubgraphSchema } from '@apollo/subgraph';
import { isObjectType } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { addAgent } from './agent.ts';
import { createBuilder } from './builder.ts';
import type { Builder } from './builder.ts';
import { addCustomerPersona } from './customer-persona.ts';
import { isolateEntities } from './entities.ts';
import { defaultNames } from '../shared/schema-names.ts';
import type { SchemaNames } from '../shared/schema-names.ts';
import { readsOf } from './reads.ts';
import { ownNamesOf, renameSchema } from './rename.ts';
import { addScalars } from './scalars.ts';

export type { Builder } from './builder.ts';
export type { Context } from './context.ts';
export { declareReads } from './reads.ts';
export type { SchemaNames } from '../shared/schema-names.ts';
export type { Reads } from './reads.ts';

/**
 * Creates the executable subgraph, with `_service` and `_entities`.
 *
 * @param extend adds types and fields of an embedder's own, whose names stay as they are
 * @param names what the subgraph's own types and root fields are called
 * @throws an Error that names a field which has arguments and declares no reads
 * @throws {ConfigurationError} for names that the schema has already
 */
export function createSchema(
  extend: (builder: Builder) => void = () => {},
  names: SchemaNames = defaultNames,
): GraphQLSchema {
  const schema = build(extend, names, hasOtherNames(names) ? createRename(names) : keep);
  isolateEntities(schema);
  requireReads(schema);
  return schema;
}

type Rename = (schema: GraphQLSchema) => GraphQLSchema;

const keep: Rename = (schema) => schema;

/** Renames what a schema has without an embedder's extension. */
function createRename(names: SchemaNames): Rename {
  const own = ownNamesOf(build(() => {}, names, keep));
  return (schema) => renameSchema(schema, own, names);
}

function build(extend: (builder: Builder) => void, names: SchemaNames, rename: Rename): GraphQLSchema {
  const builder = createBuilder(rename);
  builder.queryType({ description: "Bluejay's customer personas." });
  addScalars(builder);
  const CustomerPersona = addCustomerPersona(builder);
  if (hasAgent(names)) addAgent(builder, CustomerPersona);
  extend(builder);
  // v2.9: the newest Federation specification that every composition library accepts.
  return builder.toSubGraphSchema({
    linkUrl: 'https://specs.apollo.dev/federation/v2.9',
    federationDirectives: ['@key', '@listSize'],
  });
}

function hasOtherNames({ agentType, prefix }: SchemaNames): boolean {
  return prefix !== '' || (agentType !== defaultNames.agentType && agentType !== 'none');
}

function hasAgent({ agentType }: SchemaNames): boolean {
  return agentType !== 'none';
}

/** Checks that each field with arguments declares its reads: otherwise it would escape the rate limit. */
function requireReads(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const reads = readsOf(field);
      const isMissing = reads === undefined && field.args.length > 0;
      const isWrong = reads?.reads === 'each' && !field.args.some(({ name }) => name === reads.of);
      if (isMissing || isWrong) {
        throw new Error(
          `${type.name}.${field.name}: say what it reads, with extensions: declareReads({ reads: ${isWrong ? "'each', of: an argument that it has" : "'one'"} }).`,
        );
      }
    }
  }
}

/**
 * Prints the subgraph's SDL, as in `schema.graphql` and for composition.
 *
 * @example
 * await writeFile('schema.graphql', printSchema(createSchema()));
 */
export function printSchema(schema: GraphQLSchema): string {
  return `${printSubgraphSchema(schema).trimEnd()}\n`;
}
