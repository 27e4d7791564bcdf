import { printSubgraphSchema } from '@apollo/subgraph';
import { isObjectType } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { addAgent } from './agent.ts';
import { createBuilder } from './builder.ts';
import type { Builder } from './builder.ts';
import { addCustomerPersona } from './customer-persona.ts';
import { isolateEntities } from './entities.ts';
import { readsOf } from './reads.ts';
import { addScalars } from './scalars.ts';

export type { Builder } from './builder.ts';
export type { Context } from './context.ts';
export { declareReads } from './reads.ts';
export type { Reads } from './reads.ts';

/**
 * Creates the executable subgraph, with `_service` and `_entities`.
 *
 * @param extend adds types and fields of an embedder's own
 * @throws an Error that names a field which has arguments and declares no reads
 */
export function createSchema(extend: (builder: Builder) => void = () => {}): GraphQLSchema {
  const builder = createBuilder();
  builder.queryType({ description: "Bluejay's customer personas." });
  addScalars(builder);
  addAgent(builder, addCustomerPersona(builder));
  extend(builder);
  // v2.9: the newest Federation specification that every composition library accepts.
  const schema = builder.toSubGraphSchema({
    linkUrl: 'https://specs.apollo.dev/federation/v2.9',
    federationDirectives: ['@key', '@listSize'],
  });
  isolateEntities(schema);
  requireReads(schema);
  return schema;
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
