// Is Hive Gateway for the supergraphs of any number of files, each on a free port: is sent paths, sends addresses.
// JavaScript, because it runs on dependencies of its own, which the compiler does not see.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

const [, , planner, configuration] = process.argv;
const { gatewayConfig } = await import(configuration);

process.on('message', (file) => {
  const gateway = createGatewayRuntime({
    ...gatewayConfig,
    supergraph: readFileSync(file, 'utf8'),
    ...(planner === 'rust' && { unifiedGraphHandler }),
    logging: false,
  });
  const server = createServer(gateway);
  server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}/graphql`));
});
process.on('disconnect', () => process.exit());
