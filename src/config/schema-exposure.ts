import * as v from 'valibot';
import { onOff } from './variable.ts';
import type { ValuesOf, Variable } from './variable.ts';

export interface SchemaExposureConfig {
  /** Whether a browser that opens /graphql gets GraphiQL. */
  readonly graphiql: boolean;
  /** Whether the schema may be read: `__schema`, `__type`, and `_service`, which a router may always. */
  readonly introspection: boolean;
}

export const schemaExposureVariables = {
  GRAPHIQL: {
    option: 'graphiql',
    schema: v.optional(onOff),
    default: '`true` in development, else `false`',
    description: 'Whether a browser that opens `/graphql` gets GraphiQL.',
  },
  INTROSPECTION: {
    option: 'introspection',
    schema: v.optional(onOff),
    default: '`true` in development, else `false`',
    description:
      'Whether clients may read the schema. With `ROUTER_SECRET` the router may read `_service` in any case.',
  },
} as const satisfies Record<string, Variable>;

export function resolveSchemaExposure(
  values: ValuesOf<typeof schemaExposureVariables>,
  isDevelopment: boolean,
): SchemaExposureConfig {
  return {
    graphiql: values.GRAPHIQL ?? isDevelopment,
    introspection: values.INTROSPECTION ?? isDevelopment,
  };
}
