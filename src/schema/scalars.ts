import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import type { ValueNode } from 'graphql';
import { GraphQLDateTime, GraphQLUUID } from 'graphql-scalars';
import { parseUuid } from '../datasources/uuid.ts';
import type { Builder } from './builder.ts';

/** Adds the scalars to the schema. */
export function addScalars(builder: Builder): void {
  // graphql-scalars' UUID preserves the case and accepts "…}"; one persona must have one key.
  builder.addScalarType(
    'UUID',
    new GraphQLScalarType({
      ...specifiedBy(GraphQLUUID, 'https://www.rfc-editor.org/rfc/rfc9562#section-4'),
      description:
        'A UUID in its canonical form: 8-4-4-4-12 hexadecimal digits, such as ' +
        '`3c90c3cc-0d44-4b50-8888-8dd25736052a`. Upper case is accepted; answers are in lower case.',
      serialize: String,
      parseValue: readUuid,
      parseLiteral(node) {
        const uuid = node.kind === Kind.STRING ? parseUuid(node.value) : undefined;
        if (uuid === undefined) throw notUuid(node);
        return uuid;
      },
    }),
  );

  // The data source normalises date-times; graphql-scalars' own serializer would parse them again, drop their
  // microseconds, and throw on those without a zone.
  builder.addScalarType(
    'DateTime',
    new GraphQLScalarType({
      ...specifiedBy(GraphQLDateTime, 'https://www.rfc-editor.org/rfc/rfc3339#section-5.6'),
      description:
        'An instant as RFC 3339 in UTC, such as `2023-11-07T05:31:56Z`; up to nine digits of a second.',
      serialize: String,
    }),
  );
}

/**
 * A scalar's configuration with its specification, for introspection and for the SDL: `printSubgraphSchema`
 * prints only the directives that Pothos' directives plugin puts into the AST.
 */
function specifiedBy(scalar: GraphQLScalarType, url: string) {
  const config = scalar.toConfig();
  return {
    ...config,
    specifiedByURL: url,
    extensions: { ...config.extensions, directives: { specifiedBy: { url } } },
  };
}

function readUuid(value: unknown): string {
  const uuid = parseUuid(value);
  if (uuid === undefined) throw notUuid(null);
  return uuid;
}

function notUuid(node: ValueNode | null): GraphQLError {
  return new GraphQLError('Expected a UUID such as "3c90c3cc-0d44-4b50-8888-8dd25736052a".', {
    nodes: node,
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
