// The gateway's schema in the fastest of Node.js' known GraphQL servers: Mercurius with its JIT.
import { mercuriusFederationPlugin } from '@mercuriusjs/federation';
import Fastify from 'fastify';
import { GraphQLUUID } from 'graphql-scalars';
import { createReader } from './reader.mjs';

const read = createReader();

const schema = /* GraphQL */ `
  scalar UUID

  type CustomerPersona @key(fields: "id") {
    id: UUID!
    createdAt: String
    name: String
    description: String
    goal: String
    orgId: UUID
  }

  extend type Query {
    persona(id: UUID!): CustomerPersona
    personas(ids: [UUID!]!): [CustomerPersona]!
  }
`;

const resolvers = {
  UUID: GraphQLUUID,
  Query: {
    persona: (_root, { id }) => read(id),
    personas: (_root, { ids }) => ids.map((id) => read(id)),
  },
  CustomerPersona: {
    __resolveReference: ({ id }) => read(id),
  },
};

const app = Fastify();
app.register(mercuriusFederationPlugin, { schema, resolvers, jit: 1 });
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
