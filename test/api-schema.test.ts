import { readFileSync } from 'node:fs';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  DirectiveLocation,
  GraphQLDirective,
  GraphQLSchema,
} from 'graphql';
import type { IntrospectionQuery } from 'graphql';
import { expect, test } from 'vitest';
import { createSchema, declareReads, printApiSchema } from '../src/schema/index.ts';
import { startGateway } from './support/gateway.ts';

const api = readFileSync('api.graphql', 'utf8');

test('the clients’ schema is the one that the gateway executes, without federation', async () => {
  const gateway = await startGateway({ writes: true });
  const query = getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true, oneOf: true });
  const { data } = (await (await gateway.post({ query })).json()) as { data: IntrospectionQuery };
  expect(printApiSchema(buildClientSchema(data))).toBe(api);
  expect(api).not.toMatch(/\b_|@key|@link|@listSize/);
});

test('it keeps the specifications of its scalars, as introspection has them', async () => {
  const gateway = await startGateway({ writes: true });
  const query = '{ __schema { types { name specifiedByURL } } }';
  const { data } = (await (await gateway.post({ query })).json()) as {
    data: { __schema: { types: { name: string; specifiedByURL: string | null }[] } };
  };
  const specified = data.__schema.types.filter(({ specifiedByURL }) => specifiedByURL !== null);
  expect(specified.length).toBeGreaterThan(0);
  const types = buildSchema(api).getTypeMap();
  for (const type of specified) expect(types[type.name]).toMatchObject(type);
});

test('an embedder’s fields are in it, with what their clients have to know', () => {
  const schema = createSchema({
    writes: false,
    extend(builder) {
      const Voice = builder.inputType('Voice', {
        isOneOf: true,
        fields: (t) => ({ name: t.string(), id: t.id() }),
      });
      builder.mutationType({
        fields: (t) => ({
          speak: t.string({
            args: { voice: t.arg({ type: Voice, required: true }) },
            deprecationReason: 'Use say.',
            extensions: declareReads({ reads: 'one' }),
            resolve: () => '',
          }),
        }),
      });
    },
  });
  const directive = (name: string, ...locations: GraphQLDirective['locations']) =>
    new GraphQLDirective({ name, locations });
  const { directives, ...config } = schema.toConfig();
  const sdl = printApiSchema(
    new GraphQLSchema({
      ...config,
      directives: [
        ...directives,
        directive('compose', DirectiveLocation.OBJECT),
        directive('live', DirectiveLocation.QUERY),
      ],
    }),
  );
  const built = buildSchema(sdl);
  expect(built.getMutationType()?.getFields()['speak']).toMatchObject({ deprecationReason: 'Use say.' });
  expect(built.getType('Voice')).toMatchObject({ isOneOf: true });
  // Directives of operations are for clients, those of types are for composition.
  expect(built.getDirective('live')).toBeDefined();
  expect(built.getDirective('compose')).toBeUndefined();
});
