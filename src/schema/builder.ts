import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';
import type { Context } from './context.ts';

export type Builder = ReturnType<typeof createBuilder>;

/** A fresh builder: each file of this folder adds its types to it. */
export function createBuilder() {
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
    plugins: [DirectivesPlugin, FederationPlugin],
  });
}
