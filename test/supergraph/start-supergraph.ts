import { parse } from 'graphql';
import { createAgentsSubgraph } from '../../examples/supergraph/agents.ts';
import type { Agent } from '../../examples/supergraph/agents.ts';
import { createCallsSubgraph } from '../../examples/supergraph/calls.ts';
import type { Call } from '../../examples/supergraph/calls.ts';
import type { GatewayResult } from '../../examples/frontend/client.ts';
import { startGateway } from '../support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from '../support/gateway.ts';
import { startHttpUpstream } from '../support/upstreams.ts';
import { subgraphs } from './composers.ts';
import type { Subgraphs } from './composers.ts';
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
async function startSubgraphs(
  calls: readonly Call[],
  options: TestGatewayOptions = {},
  agents: readonly Agent[] = clinicAgents,
): Promise<TestSubgraphs> {
  const gateway = await startGateway({ routerSecrets: [routerSecret], ...options });
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

/** The subgraphs in the form that composition libraries take. */
export function servicesOf(urls: TestSubgraphs['urls'], sdls: Subgraphs) {
  return (Object.keys(urls) as (keyof Subgraphs)[]).map((name) => ({
    name,
    url: urls[name],
    typeDefs: parse(sdls[name]),
  }));
}

/**
 * Starts a gateway that ends with the test.
 *
 * @returns where its GraphQL is
 */
export type StartGateway = (urls: TestSubgraphs['urls'], sdls: Subgraphs) => Promise<string>;

export interface SupergraphOptions extends TestGatewayOptions {
  readonly agents?: readonly Agent[];
  /** What the gateway composes. @default what the subgraphs serve */
  readonly sdls?: Subgraphs;
}

/** The subgraphs with a gateway in front. */
export async function startSupergraph(
  start: StartGateway,
  calls: readonly Call[],
  { agents, sdls = subgraphs, ...options }: SupergraphOptions = {},
): Promise<TestSupergraph> {
  const started = await startSubgraphs(calls, options, agents);
  const url = await start(started.urls, sdls);
  // Some ask each for its SDL.
  for (const requests of Object.values(started.requests)) requests.length = 0;
  return { ...started, url, query: (...args) => post(url, ...args) };
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
