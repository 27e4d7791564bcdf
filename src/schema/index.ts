import { printSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLSchema } from 'graphql';
import { addAgent } from './agent.ts';
import { createBuilder } from './builder.ts';
import { addCustomerPersona } from './customer-persona.ts';
import { isolateEntities } from './entities.ts';
import { addScalars } from './scalars.ts';

export type { Context } from './context.ts';

/** The executable subgraph, with `_service` and `_entities`. */
export function createSchema(): GraphQLSchema {
  const builder = createBuilder();
  builder.queryType({ description: "Bluejay's customer personas." });
  addScalars(builder);
  addAgent(builder, addCustomerPersona(builder));
  // v2.9: the newest Federation specification that every composition library accepts.
  const schema = builder.toSubGraphSchema({
    linkUrl: 'https://specs.apollo.dev/federation/v2.9',
    federationDirectives: ['@key', '@listSize'],
  });
  isolateEntities(schema);
  return schema;
}

/** The subgraph's SDL: what `schema.graphql` holds and composition reads. */
export function printSchema(schema: GraphQLSchema): string {
  return `${printSubgraphSchema(schema).trimEnd()}\n`;
}
