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
 * The executable subgraph, with `_service` and `_entities`.
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

/** A field that declares nothing would escape the rate limit. */
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

/** The subgraph's SDL: what `schema.graphql` holds and composition reads. */
export function printSchema(schema: GraphQLSchema): string {
  return `${printSubgraphSchema(schema).trimEnd()}\n`;
}
