// Is Hive Gateway for the supergraphs of any number of files, each on a free port: is sent paths, sends addresses.
// JavaScript, because it runs on dependencies of its own, which the compiler does not see.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

const [, , planner] = process.argv;

process.on('message', (file) => {
  const gateway = createGatewayRuntime({
    supergraph: readFileSync(file, 'utf8'),
    ...(planner === 'rust' && { unifiedGraphHandler }),
    logging: false,
    // Without this Hive Gateway makes a request id of its own, and sends it to no subgraph.
    propagateHeaders: {
      fromClientToSubgraphs: ({ request, subgraphName }) => ({
        'x-request-id': request.headers.get('x-request-id'),
        traceparent: request.headers.get('traceparent'),
        // The credentials are for one subgraph: no other one gets to see them.
        ...(subgraphName === 'customer-personas' && {
          'x-api-key': request.headers.get('x-api-key'),
          'router-authorization': process.env.ROUTER_SECRET,
        }),
      }),
    },
  });
  const server = createServer(gateway);
  server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}/graphql`));
});
process.on('disconnect', () => process.exit());
