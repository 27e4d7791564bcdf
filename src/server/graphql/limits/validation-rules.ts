import { GraphQLError, NoSchemaIntrospectionCustomRule } from 'graphql';
import type { ValidationRule } from 'graphql';

/** How clients may read the schema. `__typename` is always permitted. */
export interface SchemaExposure {
  /** Introspection: `__schema` and `__type`, and errors that suggest names. */
  readonly introspection: boolean;
  /** Federation's `_service { sdl }`. */
  readonly serviceSdl: boolean;
}

/** Creates the rules beside GraphQL's own. Their results are cached, so they must not depend on a request. */
export function createValidationRules({ introspection, serviceSdl }: SchemaExposure): ValidationRule[] {
  return [
    operationTypeRule,
    ...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),
    ...(serviceSdl ? [] : [noServiceSdlRule]),
  ];
}

/** Refuses operation types that the schema has not, which graphql-js detects only at execution. */
const operationTypeRule: ValidationRule = (context) => ({
  OperationDefinition(node) {
    if (context.getSchema().getRootType(node.operation)) return;
    context.reportError(new GraphQLError(`The schema has no ${node.operation}s.`, { nodes: node }));
  },
});

/** Refuses `_service`, whose SDL reveals as much as introspection. */
const noServiceSdlRule: ValidationRule = (context) => ({
  Field(node) {
    if (node.name.value !== '_service') return;
    const message = 'The schema is not given out here: compose from the published schema.graphql.';
    context.reportError(new GraphQLError(message, { nodes: node }));
  },
});
