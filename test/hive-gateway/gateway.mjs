// Serves the supergraph of a file on a free port, as Hive Gateway does, and prints its address.
// JavaScript, because it runs on dependencies of its own, which the compiler does not see.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';

const gateway = createGatewayRuntime({
  supergraph: readFileSync(process.argv[2], 'utf8'),
  logging: false,
  // Without this Hive Gateway makes a request id of its own, and sends it to no subgraph.
  propagateHeaders: {
    fromClientToSubgraphs: ({ request, subgraphName }) => ({
      'x-request-id': request.headers.get('x-request-id'),
      // The credentials are for one subgraph: no other one gets to see them.
      ...(subgraphName === 'customer-personas' && {
        'x-api-key': request.headers.get('x-api-key'),
        'router-authorization': process.env.ROUTER_SECRET,
      }),
    }),
  },
});
const server = createServer(gateway);
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}/graphql\n`);
});
