import { GraphQLError, NoSchemaIntrospectionCustomRule } from 'graphql';
import type { ValidationRule } from 'graphql';

/** Which ways to read the schema are open. `__typename` always is. */
export interface SchemaExposure {
  /** Introspection: `__schema` and `__type`. */
  readonly introspection: boolean;
  /** Federation's `_service { sdl }`. */
  readonly serviceSdl: boolean;
}

/** The rules beyond GraphQL's own. Validation results are cached, so they may depend on nothing of a request. */
export function createValidationRules({ introspection, serviceSdl }: SchemaExposure): ValidationRule[] {
  return [
    operationTypeRule,
    ...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),
    ...(serviceSdl ? [] : [noServiceSdlRule]),
  ];
}

/** graphql-js finds out only at execution that the schema has no mutations or subscriptions. */
const operationTypeRule: ValidationRule = (context) => ({
  OperationDefinition(node) {
    if (context.getSchema().getRootType(node.operation)) return;
    context.reportError(new GraphQLError(`The schema has no ${node.operation}s.`, { nodes: node }));
  },
});

/** The SDL says as much as introspection does. */
const noServiceSdlRule: ValidationRule = (context) => ({
  Field(node) {
    if (node.name.value !== '_service') return;
    const message = 'The schema is not given out here: compose from the published schema.graphql.';
    context.reportError(new GraphQLError(message, { nodes: node }));
  },
});
