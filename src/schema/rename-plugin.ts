import SchemaBuilder, { BasePlugin } from '@pothos/core';
import type { SchemaTypes } from '@pothos/core';
import type { GraphQLSchema } from 'graphql';

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- How Pothos takes plugins.
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      rename: RenamePlugin<Types>;
    }
    interface SchemaBuilderOptions<Types extends SchemaTypes> {
      /** Gives the schema other names, before anything is printed of it. @default the names that the source has */
      readonly rename?: (schema: GraphQLSchema) => GraphQLSchema;
    }
  }
}

/** Renames what a builder has built. Comes last of the plugins, so that it runs before the one for directives, which remembers names. */
class RenamePlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override afterBuild(schema: GraphQLSchema): GraphQLSchema {
    return this.builder.options.rename?.(schema) ?? schema;
  }
}

SchemaBuilder.registerPlugin('rename', RenamePlugin);

export const renamePlugin = 'rename';
