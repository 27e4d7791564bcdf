import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '@theguild/federation-composition';
import { afterAll, beforeAll } from 'vitest';
import { snippetWith } from '../supergraph/guide.ts';
import { routerSecret, servicesOf } from '../supergraph/start-supergraph.ts';
import type { StartGateway } from '../supergraph/start-supergraph.ts';
import { makeFolder } from './folder.ts';

/**
 * Starts Hive Gateway as the guide configures it, in one process for all tests of a file: it takes seconds to load.
 *
 * @param planner `javascript` is the default one, `rust` that of `@graphql-hive/router-runtime`
 */
export function createHiveGateway(planner: 'javascript' | 'rust'): StartGateway {
  let child: ChildProcess;
  beforeAll(() => {
    // The guide's is for the command line of @graphql-hive/gateway, which only types what it is given.
    const configuration = snippetWith('ts', 'gatewayConfig').replace(
      /^import .*$/m,
      'const defineConfig = (options) => options;',
    );
    const url = `data:text/javascript,${encodeURIComponent(configuration)}`;
    child = fork('test/gateways/hive-gateway.mjs', [planner, url], {
      env: { PATH: process.env['PATH'], ROUTER_SECRET: routerSecret },
    });
  });
  afterAll(() => void child.kill());
  return async (urls, sdls) => {
    const file = join(makeFolder(), 'supergraph.graphql');
    writeFileSync(file, composeServices(servicesOf(urls, sdls)).supergraphSdl ?? '');
    child.send(file);
    const [url] = (await once(child, 'message')) as [string];
    return url;
  };
}
