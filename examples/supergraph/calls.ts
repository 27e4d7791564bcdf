import type { RequestListener } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';

/** The subgraph that owns the calls. Of a call's agent and persona it knows the ids and nothing else. */
export const callsSdl = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

  type Query {
    "The latest calls."
    calls(first: Int! = 10): [Call!]!
  }

  type Call @key(fields: "id") {
    id: ID!
    agent: Agent!
    persona: CustomerPersona
  }

  type Agent @key(fields: "id", resolvable: false) {
    id: ID!
  }

  type CustomerPersona @key(fields: "id", resolvable: false) {
    id: ID!
  }
`;

export interface Call {
  readonly id: string;
  readonly agentId: string;
  readonly personaId: string | null;
}

/** Serves the subgraph at `/graphql`. */
export function createCallsSubgraph(calls: readonly Call[]): RequestListener {
  const resolvers = {
    Query: { calls: (_root: unknown, { first }: { first: number }) => calls.slice(0, first) },
    Call: {
      __resolveReference: ({ id }: { id: string }) => calls.find((call) => call.id === id) ?? null,
      agent: ({ agentId }: Call) => ({ id: agentId }),
      persona: ({ personaId }: Call) => personaId && { id: personaId },
    },
  };
  const schema = buildSubgraphSchema({ typeDefs: parse(callsSdl), resolvers });
  return createYoga({ schema, logging: false });
}
