import { composeServices as composeWithApollo } from '@apollo/composition';
import { composeServices as composeWithHive } from '@theguild/federation-composition';
import { federateSubgraphs, LATEST_ROUTER_COMPATIBILITY_VERSION } from '@wundergraph/composition';
import { parse, printSchema } from 'graphql';
import { agentsSdl } from '../../examples/supergraph/agents.ts';
import { callsSdl } from '../../examples/supergraph/calls.ts';
import { createSchema, printSchema as printSubgraph } from '../../src/schema/index.ts';

/** SDL by subgraph. */
export type Subgraphs = Readonly<Record<'agents' | 'calls' | 'customer-personas', string>>;

export type Composition =
  /** `clientSchema` is what clients see, where the library says so itself. */
  | {
      readonly ok: true;
      readonly supergraphSdl: string | undefined;
      readonly clientSchema: string | undefined;
    }
  | { readonly ok: false; readonly errors: readonly string[] };

/** This gateway's SDL, as `npm run schema` prints it, and the example's two. */
export const subgraphs: Subgraphs = {
  agents: agentsSdl,
  calls: callsSdl,
  'customer-personas': printSubgraph(createSchema()),
};

/** What the platforms compose with: Apollo GraphOS, Hive, Cosmo. */
export const composers: readonly (readonly [name: string, compose: (subgraphs: Subgraphs) => Composition])[] =
  [
    [
      '@apollo/composition',
      (sdls) => {
        const { supergraphSdl, schema, errors } = composeWithApollo(services(sdls));
        if (errors !== undefined) return failed(errors);
        return {
          ok: true,
          supergraphSdl,
          clientSchema: printSchema(schema.toAPISchema().toGraphQLJSSchema()),
        };
      },
    ],
    [
      '@theguild/federation-composition',
      (sdls) => {
        const { supergraphSdl, publicSdl, errors } = composeWithHive(services(sdls));
        if (errors !== undefined) return failed(errors);
        return { ok: true, supergraphSdl, clientSchema: publicSdl };
      },
    ],
    [
      '@wundergraph/composition',
      (sdls) => {
        const result = federateSubgraphs({
          subgraphs: services(sdls).map(({ typeDefs, ...service }) => ({
            ...service,
            definitions: typeDefs,
          })),
          version: LATEST_ROUTER_COMPATIBILITY_VERSION,
        });
        if (!result.success) return failed(result.errors);
        return {
          ok: true,
          supergraphSdl: undefined,
          clientSchema: printSchema(result.federatedGraphClientSchema),
        };
      },
    ],
  ];

function services(sdls: Subgraphs) {
  return Object.entries(sdls).map(([name, sdl]) => ({
    name,
    url: `http://${name}/graphql`,
    typeDefs: parse(sdl),
  }));
}

function failed(errors: readonly Error[]): Composition {
  return { ok: false, errors: errors.map(({ message }) => message) };
}
