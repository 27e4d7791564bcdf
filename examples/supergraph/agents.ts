import type { RequestListener } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';

/** The subgraph that owns what an agent is called. */
export const agentsSdl = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

  type Query {
    agents: [Agent!]!
    agent(id: ID!): Agent
  }

  type Agent @key(fields: "id") {
    id: ID!
    name: String!
  }
`;

export interface Agent {
  readonly id: string;
  readonly name: string;
}

/** Serves the subgraph at `/graphql`. */
export function createAgentsSubgraph(agents: readonly Agent[]): RequestListener {
  const find = ({ id }: { id: string }) => agents.find((agent) => agent.id === id) ?? null;
  const resolvers = {
    Query: {
      agents: () => agents,
      agent: (_root: unknown, args: { id: string }) => find(args),
    },
    Agent: { __resolveReference: find },
  };
  const schema = buildSubgraphSchema({ typeDefs: parse(agentsSdl), resolvers });
  return createYoga({ schema, logging: false });
}
