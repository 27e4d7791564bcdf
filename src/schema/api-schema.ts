import { buildASTSchema, DirectiveLocation, Kind, parse, printSchema } from 'graphql';
import type { DefinitionNode, GraphQLSchema } from 'graphql';

/**
 * What every subgraph has for its router alone.
 *
 * @see https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec
 */
const federationNames: ReadonlySet<string> = new Set([
  '_Any',
  '_Entity',
  '_Service',
  '_entities',
  '_service',
]);

/** Where an operation can have a directive. Elsewhere a directive speaks to composition. */
const executableLocations: ReadonlySet<string> = new Set([
  DirectiveLocation.QUERY,
  DirectiveLocation.MUTATION,
  DirectiveLocation.SUBSCRIPTION,
  DirectiveLocation.FIELD,
  DirectiveLocation.FRAGMENT_DEFINITION,
  DirectiveLocation.FRAGMENT_SPREAD,
  DirectiveLocation.INLINE_FRAGMENT,
  DirectiveLocation.VARIABLE_DEFINITION,
]);

/**
 * The SDL for clients: what `api.graphql` holds. It is the schema without federation, which client tools reject or
 * generate types for. graphql-js prints it, whose printer keeps `@specifiedBy`, `@deprecated` and `@oneOf`.
 */
export function printApiSchema(schema: GraphQLSchema): string {
  const { definitions, ...document } = parse(printSchema(schema), { noLocation: true });
  const queryType = schema.getQueryType()?.name;
  const api = definitions.filter(isForClients).map((definition) => {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION || definition.name.value !== queryType)
      return definition;
    const fields = definition.fields?.filter(({ name }) => !federationNames.has(name.value)) ?? [];
    return { ...definition, fields };
  });
  return `${printSchema(buildASTSchema({ ...document, definitions: api }))}\n`;
}

function isForClients(definition: DefinitionNode): boolean {
  if (definition.kind === Kind.DIRECTIVE_DEFINITION) {
    return definition.locations.some(({ value }) => executableLocations.has(value));
  }
  return !('name' in definition) || !federationNames.has(definition.name?.value ?? '');
}
