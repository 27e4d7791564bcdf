// The gateway's schema as one writes it in an afternoon: GraphQL Yoga, Pothos, DataLoader, `pool.request`.
import { createServer } from 'node:http';
import SchemaBuilder from '@pothos/core';
import DirectivePlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';
import DataLoader from 'dataloader';
import { GraphQLUUID } from 'graphql-scalars';
import { createYoga } from 'graphql-yoga';
import { createReader } from './reader.mjs';

const read = createReader();
const builder = new SchemaBuilder({ plugins: [DirectivePlugin, FederationPlugin] });
builder.addScalarType('UUID', GraphQLUUID);

const CustomerPersona = builder.objectRef('CustomerPersona').implement({
  fields: (t) => ({
    id: t.expose('id', { type: 'UUID', nullable: false }),
    createdAt: t.exposeString('createdAt', { nullable: true }),
    name: t.exposeString('name', { nullable: true }),
    description: t.exposeString('description', { nullable: true }),
    goal: t.exposeString('goal', { nullable: true }),
    orgId: t.expose('orgId', { type: 'UUID', nullable: true }),
  }),
});

builder.asEntity(CustomerPersona, {
  key: builder.selection('id'),
  resolveReference: async ({ id }, { personas }) => personas.load(id),
});

builder.queryType({
  fields: (t) => ({
    persona: t.field({
      type: CustomerPersona,
      nullable: true,
      args: { id: t.arg({ type: 'UUID', required: true }) },
      resolve: (_root, { id }, { personas }) => personas.load(id),
    }),
    personas: t.field({
      type: [CustomerPersona],
      nullable: { list: false, items: true },
      args: { ids: t.arg({ type: ['UUID'], required: true }) },
      resolve: (_root, { ids }, { personas }) => ids.map((id) => personas.load(id)),
    }),
  }),
});

const yoga = createYoga({
  schema: builder.toSubGraphSchema({ linkUrl: 'https://specs.apollo.dev/federation/v2.9' }),
  context: () => ({
    personas: new DataLoader((ids) => Promise.all(ids.map((id) => read(id).catch((error) => error)))),
  }),
});

createServer(yoga).listen(Number(process.env.PORT), '127.0.0.1');
