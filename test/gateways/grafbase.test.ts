import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { findFreePort } from '../support/ports.ts';
import { startProcess } from '../support/processes.ts';
import { snippetWith } from '../supergraph/guide.ts';
import { testScenarios } from '../supergraph/scenarios/index.ts';
import { routerSecret } from '../supergraph/start-supergraph.ts';
import type { StartGateway } from '../supergraph/start-supergraph.ts';
import { makeFolder } from './folder.ts';

const program = 'test/gateways/node_modules/@grafbase/cli-x86_64-unknown-linux-musl/grafbase';

/** Starts Grafbase as the guide configures it. It composes the subgraphs itself. */
const startGrafbase: StartGateway = async (urls, sdls) => {
  const folder = makeFolder();
  const addresses = Object.entries(urls).map(([name, url]) => {
    writeFileSync(join(folder, `${name}.graphql`), sdls[name as keyof typeof sdls]);
    return `[subgraphs.${name}]\nurl = "${url}"\nschema_path = "${name}.graphql"\n`;
  });
  const config = join(folder, 'grafbase.toml');
  const guide = snippetWith('toml', 'headers').replace('[subgraphs.customer-personas]\n', '');
  writeFileSync(config, `${addresses.join('\n')}${guide}`);
  const port = await findFreePort();
  const { output } = startProcess(program, ['dev', '--config', config, '--port', String(port)], {
    env: { PATH: process.env['PATH'], HOME: folder, ROUTER_SECRET: routerSecret },
  });
  await expect.poll(output, { timeout: 20_000 }).toContain('/graphql\n');
  return `http://127.0.0.1:${port}/graphql`;
};

const runsHere = process.platform === 'linux' && process.arch === 'x64';

describe.skipIf(!runsHere)('where npm has Grafbase, on x86-64 Linux', () => {
  testScenarios('Grafbase', startGrafbase);
});
