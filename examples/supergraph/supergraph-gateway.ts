import { randomUUID } from 'node:crypto';
import { ApolloGateway, IntrospectAndCompose, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';

export interface SupergraphGatewayOptions {
  /** By name; the addresses include the path. */
  readonly subgraphs: {
    readonly agents: string;
    readonly calls: string;
    readonly 'customer-personas': string;
  };
  /** What a registry composed. @default composed of what the subgraphs answer to `_service` */
  readonly supergraphSdl?: string | undefined;
  /** What `customer-personas` asks of a router, in `router-authorization`; its `ROUTER_SECRET`. */
  readonly routerSecret: string;
  /** @default 0, any free port */
  readonly port?: number;
}

export interface SupergraphGateway {
  /** Where GraphQL is. */
  readonly url: string;
  close(): Promise<void>;
}

/** What of a client's request the subgraphs get to see. */
interface Context {
  readonly requestId: string;
  readonly traceparent: string | undefined;
  readonly apiKey: string | undefined;
}

// The gateway would look for a cloud's metadata service and send usage data to Apollo.
process.env['APOLLO_TELEMETRY_DISABLED'] = 'true';

/** An Apollo gateway on loopback. */
export async function startSupergraphGateway(options: SupergraphGatewayOptions): Promise<SupergraphGateway> {
  const subgraphs = Object.entries(options.subgraphs).map(([name, url]) => ({ name, url }));
  const gateway = new ApolloGateway({
    supergraphSdl: options.supergraphSdl ?? new IntrospectAndCompose({ subgraphs }),
    buildService: ({ name, url }) =>
      new RemoteGraphQLDataSource<Partial<Context>>({
        url: url ?? '',
        willSendRequest({ request, context }) {
          // Empty while the gateway asks for the SDL.
          const { requestId, traceparent, apiKey } = context;
          if (requestId !== undefined) request.http?.headers.set('x-request-id', requestId);
          // A gateway that traces sends its own.
          if (traceparent !== undefined) request.http?.headers.set('traceparent', traceparent);
          // The credentials are for one subgraph: no other one gets to see them.
          if (name !== 'customer-personas') return;
          request.http?.headers.set('router-authorization', options.routerSecret);
          if (apiKey !== undefined) request.http?.headers.set('x-api-key', apiKey);
        },
      }),
    logger: quiet,
  });
  const server = new ApolloServer<Context>({
    gateway,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: quiet,
    // When a subgraph answers with a failed status, the gateway puts its address and its body here.
    formatError: ({ extensions, ...error }) => ({
      ...error,
      extensions: { ...extensions, response: undefined },
    }),
  });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port: options.port ?? 0 },
    context: async ({ req: { headers } }) => ({
      requestId: oneOf(headers['x-request-id']) ?? randomUUID(),
      traceparent: oneOf(headers['traceparent']),
      apiKey: oneOf(headers['x-api-key']),
    }),
  });
  return { url, close: () => server.stop() };
}

const oneOf = (header: string | string[] | undefined) => (typeof header === 'string' ? header : undefined);

const quiet = { debug() {}, info() {}, warn: console.warn, error: console.error };
