import { getNamedType, GraphQLError, isUnionType } from 'graphql';
import type { GraphQLObjectType, GraphQLSchema } from 'graphql';
import { isObject } from '../shared/is-object.ts';
import type { Context } from './context.ts';
import { declareReads } from './reads.ts';

/** A representation: raw JSON that scalars do not parse. */
type Representation = Readonly<Record<string, unknown>>;

type ResolveReference = (representation: Representation, context: Context) => Promise<object | null>;

/**
 * Replaces the resolver of `_entities` by one that settles each representation on its own. `@apollo/subgraph`'s throws
 * for the whole list when one `__typename` is unknown, which leaves rejections of the other reads unhandled; it also
 * writes `__typename` into the objects of the data source.
 *
 * @see https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec
 */
export function isolateEntities(schema: GraphQLSchema): void {
  const field = schema.getQueryType()?.getFields()['_entities'];
  const entity = field && getNamedType(field.type);
  if (field === undefined || !isUnionType(entity)) throw new Error('The schema has no entities.');
  const resolvers = new Map(entity.getTypes().map((type) => [type.name, resolveReferenceOf(type)]));
  const names = [...resolvers.keys()].join(', ');

  field.extensions = declareReads({ reads: 'each', of: 'representations', limit: 'representations' });
  const resolve = (_root: unknown, args: { representations: unknown[] }, context: Context) =>
    args.representations.map(async (representation) => {
      if (!isObject(representation)) throw badRepresentation('must be an object');
      const { __typename } = representation;
      const resolveReference = typeof __typename === 'string' ? resolvers.get(__typename) : undefined;
      if (resolveReference === undefined) throw badRepresentation(`needs a __typename of: ${names}`);
      const value = await resolveReference(representation, context);
      return value === null ? null : { __typename, ...value };
    });
  field.resolve = resolve;
}

/** Returns the function that `asEntity` was given, from where Pothos stores it. */
function resolveReferenceOf(type: GraphQLObjectType): ResolveReference {
  const { apollo } = type.extensions as {
    apollo?: { subgraph?: { resolveReference?: ResolveReference } };
  };
  const resolveReference = apollo?.subgraph?.resolveReference;
  if (resolveReference === undefined) throw new Error(`The entity ${type.name} has no resolveReference.`);
  return resolveReference;
}

function badRepresentation(problem: string): GraphQLError {
  return new GraphQLError(`A representation ${problem}.`, { extensions: { code: 'BAD_USER_INPUT' } });
}
