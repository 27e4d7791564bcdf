import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, parseConfig } from '../../src/index.ts';
import { organisations } from '../../src/sandbox/index.ts';
import { createAgentsSubgraph } from './agents.ts';
import { createCallsSubgraph } from './calls.ts';
import { startSupergraphGateway } from './supergraph-gateway.ts';

// What the sandbox has under the key that it is asked with.
const [organisation] = organisations;
if (organisation === undefined) throw new Error('The sandbox has no organisation.');
const agents = organisation.agents.map(({ id }, index) => ({
  id: String(id),
  name: ['Appointments', 'Night line'][index] ?? `Agent ${id}`,
}));
const calls = organisation.agents.flatMap(({ id, personaIds }) =>
  personaIds.map((personaId, index) => ({ id: `call-${id}-${index + 1}`, agentId: String(id), personaId })),
);

// With no key and no address of Bluejay's in its configuration, it answers from its sandbox.
const routerSecret = randomUUID();
const parsed = parseConfig({ PORT: '0', LOG_LEVEL: 'warn', ROUTER_SECRET: routerSecret });
if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
const customerPersonas = await createGateway(parsed.config);

const supergraph = await startSupergraphGateway({
  subgraphs: {
    agents: await listen(createAgentsSubgraph(agents)),
    calls: await listen(createCallsSubgraph(calls)),
    'customer-personas': `${await customerPersonas.listen()}/graphql`,
  },
  routerSecret,
  port: Number(process.env['PORT'] ?? 4000),
});

process.stdout.write(`
A supergraph of three subgraphs on ${supergraph.url}: agents, calls and customer-personas. Paste:

  curl -s ${supergraph.url} -H 'content-type: application/json' \\
    -d '{"query":"{ calls(first: 3) { id agent { name customerPersonas { name } } persona { name goal } } }"}'

And a write, which the sandbox forgets when it ends:

  curl -s ${supergraph.url} -H 'content-type: application/json' \\
    -d '{"query":"mutation { createCustomerPersona(input: { name: \\"Ann\\", description: \\"Calls early\\", goal: \\"An appointment\\", agentId: \\"7\\" }) { customerPersona { id name } } }"}'

`);

/** Serves a subgraph on a free port of loopback. */
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}
