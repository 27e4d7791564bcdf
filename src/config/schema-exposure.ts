import * as v from 'valibot';
import { onOff } from './variable.ts';
import type { ValuesOf, Variable } from './variable.ts';

/** How clients may read the schema. */
export interface SchemaExposureConfig {
  /** Whether a browser gets GraphiQL at the path of GraphQL. */
  readonly graphiql: boolean;
  /** Whether clients may read the schema: `__schema`, `__type` and `_service`. A router with a secret may read `_service` in any case. */
  readonly introspection: boolean;
}

export const schemaExposureVariables = {
  GRAPHIQL: {
    option: 'graphiql',
    schema: v.optional(onOff),
    default: '`true` in development, else `false`',
    description:
      'Whether a browser that opens `/graphql` gets GraphiQL. Never with `TRUSTED_DOCUMENTS_MODE=only`.',
  },
  INTROSPECTION: {
    option: 'introspection',
    schema: v.optional(onOff),
    default: '`true` in development, else `false`',
    description:
      'Whether clients may introspect the schema. With `ROUTER_SECRET` the router may read `_service` in any case.',
  },
} as const satisfies Record<string, Variable>;

/** Resolves how clients may read the schema: by default in development only. */
export function resolveSchemaExposure(
  values: ValuesOf<typeof schemaExposureVariables>,
  isDevelopment: boolean,
): SchemaExposureConfig {
  return {
    graphiql: values.GRAPHIQL ?? isDevelopment,
    introspection: values.INTROSPECTION ?? isDevelopment,
  };
}
