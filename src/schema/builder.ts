/* oxlint-disable typescript/triple-slash-reference -- The compiled types use what the plugins declare globally, and have
   only the imports that they name. */
/// <reference types="@pothos/plugin-directives" preserve="true" />
/// <reference types="@pothos/plugin-federation" preserve="true" />
import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';
import type { GraphQLSchema } from 'graphql';
import type { Context } from './context.ts';
import { renamePlugin } from './rename-plugin.ts';

export type Builder = ReturnType<typeof createBuilder>;

/**
 * Creates a fresh builder, to which each file of this folder adds its types.
 *
 * @param rename gives the schema that is built the names of a deployment
 */
export function createBuilder(rename: (schema: GraphQLSchema) => GraphQLSchema) {
  return new SchemaBuilder<{
    Context: Context;
    DefaultFieldNullability: true;
    Directives: {
      /** How long a list is about, for a router that limits what an operation may cost. */
      listSize: { locations: 'FIELD_DEFINITION'; args: { assumedSize: number } };
    };
    Scalars: {
      UUID: { Input: string; Output: string };
      DateTime: { Input: string; Output: string };
    };
  }>({
    plugins: [DirectivesPlugin, FederationPlugin, renamePlugin],
    rename,
  });
}
