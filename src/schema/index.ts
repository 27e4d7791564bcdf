import { printSubgraphSchema } from '@apollo/subgraph';
import { isObjectType } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { addAgent } from './agent.ts';
import { createBuilder } from './builder.ts';
import type { Builder } from './builder.ts';
import { addCustomerPersona } from './customer-persona.ts';
import { addCustomerPersonaWrites } from './customer-persona-writes.ts';
import { isolateEntities } from './entities.ts';
import { defaultNames } from '../shared/schema-names.ts';
import type { SchemaNames } from '../shared/schema-names.ts';
import { readsOf } from './reads.ts';
import { ownNamesOf, renameSchema } from './rename.ts';
import { addScalars } from './scalars.ts';

export { printApiSchema } from './api-schema.ts';
export type { Builder } from './builder.ts';
export type { Context } from './context.ts';
export { createExamples } from './examples.ts';
export { declareReads, declareWrite } from './reads.ts';
export type { SchemaNames } from '../shared/schema-names.ts';
export type { Reads } from './reads.ts';

export interface SchemaOptions {
  /** Whether there is a `Mutation`. @default true */
  readonly writes?: boolean;
  /** Adds types and fields of an embedder's own. @default none */
  readonly extend?: ((builder: Builder) => void) | undefined;
  /** What the subgraph's own types and root fields are called; those of `extend` stay as they are. @default the source's */
  readonly names?: SchemaNames | undefined;
}

/**
 * Creates the executable subgraph, with `_service` and `_entities`.
 *
 * @throws an Error that names a field which has arguments and declares no reads
 * @throws {ConfigurationError} for names that the schema has already
 */
export function createSchema(options: SchemaOptions = {}): GraphQLSchema {
  const { writes = true, extend = () => {}, names = defaultNames } = options;
  const rename = hasOtherNames(names) ? createRename(names, writes) : keep;
  const schema = build({ writes, extend, names }, rename);
  isolateEntities(schema);
  requireReads(schema);
  return schema;
}

type Rename = (schema: GraphQLSchema) => GraphQLSchema;

const keep: Rename = (schema) => schema;

/** Renames what a schema has without an embedder's extension. */
function createRename(names: SchemaNames, writes: boolean): Rename {
  const own = ownNamesOf(build({ writes, extend: () => {}, names }, keep));
  return (schema) => renameSchema(schema, own, names);
}

interface Parts {
  readonly writes: boolean;
  readonly extend: (builder: Builder) => void;
  readonly names: SchemaNames;
}

function build({ writes, extend, names }: Parts, rename: Rename): GraphQLSchema {
  const builder = createBuilder(rename);
  builder.queryType({ description: "Bluejay's customer personas." });
  addScalars(builder);
  const CustomerPersona = addCustomerPersona(builder);
  if (hasAgent(names)) addAgent(builder, CustomerPersona);
  extend(builder);
  // After the embedder's own, which may have a Mutation of theirs.
  if (writes) addCustomerPersonaWrites(builder, CustomerPersona);
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
