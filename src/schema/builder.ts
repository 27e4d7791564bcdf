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
    Scalars: {
      UUID: { Input: string; Output: string };
      DateTime: { Input: string; Output: string };
    };
  }>({
    plugins: [DirectivesPlugin, FederationPlugin],
  });
}
