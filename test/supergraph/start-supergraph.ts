import { onTestFinished } from 'vitest';
import { createAgentsSubgraph } from '../../examples/supergraph/agents.ts';
import type { Agent } from '../../examples/supergraph/agents.ts';
import { createCallsSubgraph } from '../../examples/supergraph/calls.ts';
import type { Call } from '../../examples/supergraph/calls.ts';
import { startSupergraphGateway } from '../../examples/supergraph/supergraph-gateway.ts';
import type { GatewayResult } from '../../examples/frontend/client.ts';
import { startGateway } from '../support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from '../support/gateway.ts';
import { startHttpUpstream } from '../support/upstreams.ts';
import { startRecorder } from './recorder.ts';
import type { RecordedRequest } from './recorder.ts';

/** The names of the clinic's agents, which Bluejay does not have. */
const clinicAgents = [
  { id: '7', name: 'Appointments' },
  { id: '8', name: 'Night line' },
];

/** Without it the gateway under test refuses GraphQL requests. */
export const routerSecret = 'known-to-the-router-alone';

/** One call for each persona, agents taking turns. */
export function callsWith(personaIds: readonly (string | null)[]): Call[] {
  return personaIds.map((personaId, index) => ({
    id: `call-${index}`,
    agentId: clinicAgents[index % clinicAgents.length]?.id ?? '',
    personaId,
  }));
}

interface TestSubgraphs {
  readonly gateway: TestGateway;
  /** Where each subgraph's GraphQL is, behind a recorder. */
  readonly urls: Readonly<Record<'agents' | 'calls' | 'customer-personas', string>>;
  /** What was sent to each. */
  readonly requests: Readonly<Record<'agents' | 'calls' | 'customer-personas', RecordedRequest[]>>;
}

/** This gateway and the two subgraphs of the example, each on a port of its own; all end with the test. */
export async function startSubgraphs(
  calls: readonly Call[],
  options: TestGatewayOptions = {},
  agents: readonly Agent[] = clinicAgents,
): Promise<TestSubgraphs> {
  const gateway = await startGateway({ ...options, routerSecrets: [routerSecret] });
  const recorders = {
    agents: await startRecorder(await startHttpUpstream(createAgentsSubgraph(agents))),
    calls: await startRecorder(await startHttpUpstream(createCallsSubgraph(calls))),
    'customer-personas': await startRecorder(gateway.url),
  };
  const { agents: a, calls: c, 'customer-personas': p } = recorders;
  return {
    gateway,
    urls: {
      agents: `${a.url}/graphql`,
      calls: `${c.url}/graphql`,
      'customer-personas': `${p.url}/graphql`,
    },
    requests: { agents: a.requests, calls: c.requests, 'customer-personas': p.requests },
  };
}

export interface TestSupergraph extends TestSubgraphs {
  /** Where the supergraph's GraphQL is. */
  readonly url: string;
  /** Asks the supergraph as a client does. */
  query(
    query: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<GatewayResult<Record<string, unknown>>>;
}

/** The subgraphs with the example's Apollo gateway in front. */
export async function startSupergraph(
  calls: readonly Call[],
  options: TestGatewayOptions = {},
  agents?: readonly Agent[],
): Promise<TestSupergraph> {
  const subgraphs = await startSubgraphs(calls, options, agents);
  const { url, close } = await startSupergraphGateway({ subgraphs: subgraphs.urls, routerSecret });
  onTestFinished(close);
  // It has asked each for its SDL.
  for (const requests of Object.values(subgraphs.requests)) requests.length = 0;
  return { ...subgraphs, url, query: (...args) => post(url, ...args) };
}

/** POSTs a query as a client of a supergraph does. */
export async function post(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<GatewayResult<Record<string, unknown>>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as GatewayResult<Record<string, unknown>>;
}
