import { GraphQLError } from 'graphql';
import type { CustomerPersona as Persona } from '../datasources/index.ts';
import { renameArgument } from '../datasources/index.ts';
import type { Builder } from './builder.ts';
import { declareReads } from './reads.ts';

/** The most ids that one `personas` field takes. */
const maxIds = 100;

/** The type that every field with personas refers to. */
export type CustomerPersonaRef = ReturnType<typeof addCustomerPersona>;

/** A value that is an Error is answered as an error at its field, by the default resolver that `expose` leaves. */
type Exposed = { readonly [Field in keyof Persona]: Exclude<Persona[Field], Error> };

export function addCustomerPersona(builder: Builder) {
  const CustomerPersona = builder.objectRef<Persona>('CustomerPersona');
  builder.objectType(CustomerPersona as unknown as ReturnType<typeof builder.objectRef<Exposed>>, {
    description:
      'A customer that Bluejay plays when it tests a conversational agent: who is calling, ' +
      'how they talk, and what they want from the call.',
    fields: (t) => ({
      // An ID, so that the type fits other teams' interfaces and unions; stubs of it need no scalar of ours.
      id: t.exposeID('id', {
        nullable: false,
        description: 'A UUID in lower case: what `persona(id:)` takes.',
      }),
      createdAt: t.expose('createdAt', {
        type: 'DateTime',
        description: 'When the persona was created.',
      }),
      name: t.exposeString('name', {
        description: 'What the persona is called in Bluejay.',
      }),
      description: t.exposeString('description', {
        description: 'Who is calling and how they talk, in free text.',
      }),
      goal: t.exposeString('goal', {
        description: 'What the persona wants to reach in the call, in free text.',
      }),
      orgId: t.expose('orgId', {
        type: 'UUID',
        description: 'The Bluejay organisation that owns the persona.',
      }),
    }),
  });

  builder.asEntity(CustomerPersona, {
    key: builder.selection<{ id: string }>('id'),
    // The representation is raw JSON: the UUID scalar has not seen its id, load() checks it.
    resolveReference: ({ id }, { dataSources }) => dataSources.customerPersonas.load(id),
  });

  builder.queryFields((t) => ({
    persona: t.field({
      type: CustomerPersona,
      extensions: declareReads({ reads: 'one' }),
      description: 'One customer persona, or null when there is none of that id that your API key may see.',
      args: {
        id: t.arg({ type: 'UUID', required: true, description: "The persona's id." }),
      },
      resolve: (_root, { id }, { dataSources }) => dataSources.customerPersonas.load(id),
    }),
    personas: t.field({
      type: [CustomerPersona],
      extensions: declareReads({ reads: 'each', of: 'ids', limit: 'ids' }),
      nullable: { list: true, items: true },
      directives: { listSize: { assumedSize: maxIds } },
      description:
        'Several customer personas: one entry for each id, in the order of `ids`. An entry is null when ' +
        'there is no such persona, and null with an error of its own when it could not be read.',
      args: {
        ids: t.arg({
          type: ['UUID'],
          required: true,
          description: `The personas' ids, at most ${maxIds}. An id may be given twice; it is read once.`,
        }),
      },
      resolve: (_root, { ids }, { dataSources }) => {
        if (ids.length > maxIds) {
          throw new GraphQLError(`At most ${maxIds} ids at a time: split the list.`, {
            extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'ids' },
          });
        }
        return ids.map((id, index) =>
          dataSources.customerPersonas.load(id).catch((error: unknown) => {
            throw renameArgument(error, 'id', ['ids', index]);
          }),
        );
      },
    }),
  }));

  return CustomerPersona;
}
