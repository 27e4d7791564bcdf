import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import type { ValueNode } from 'graphql';
import { GraphQLDateTime, GraphQLUUID } from 'graphql-scalars';
import { parseUuid } from '../datasources/uuid.ts';
import type { Builder } from './builder.ts';

export function addScalars(builder: Builder): void {
  // graphql-scalars' UUID keeps the case and takes "…}"; one persona must have one key.
  builder.addScalarType(
    'UUID',
    new GraphQLScalarType({
      ...GraphQLUUID.toConfig(),
      description:
        'A UUID in its canonical form: 8-4-4-4-12 hexadecimal digits, such as ' +
        '`3c90c3cc-0d44-4b50-8888-8dd25736052a`. Upper case is accepted; answers are in lower case.',
      specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc9562#section-4',
      serialize: String,
      parseValue: (value) => readUuid(value),
      parseLiteral: (node) => readUuid(node.kind === Kind.STRING ? node.value : undefined, node),
    }),
  );

  // The data source has normalised date-times already; graphql-scalars' own would parse them once more,
  // drop their microseconds, and throw on the ones without a zone.
  builder.addScalarType(
    'DateTime',
    new GraphQLScalarType({
      ...GraphQLDateTime.toConfig(),
      description:
        'An instant as RFC 3339 in UTC, such as `2023-11-07T05:31:56Z`; up to nine digits of a second.',
      specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339#section-5.6',
      serialize: String,
    }),
  );
}

function readUuid(value: unknown, node?: ValueNode): string {
  const uuid = parseUuid(value);
  if (uuid !== undefined) return uuid;
  throw new GraphQLError('Expected a UUID such as "3c90c3cc-0d44-4b50-8888-8dd25736052a".', {
    nodes: node ?? null,
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
