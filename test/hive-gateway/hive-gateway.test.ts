import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { expect, onTestFinished, test } from 'vitest';
import type { Agent } from '../../examples/supergraph/agents.ts';
import type { Call } from '../../examples/supergraph/calls.ts';
import { airline, clinic, exampleId } from '../support/gateway.ts';
import type { TestGatewayOptions } from '../support/gateway.ts';
import { startProcess } from '../support/processes.ts';
import { subgraphs } from '../supergraph/composers.ts';
import { callsWith, post, routerSecret, startSubgraphs } from '../supergraph/start-supergraph.ts';
import type { TestSupergraph } from '../supergraph/start-supergraph.ts';

const ids = clinic.personas.map(({ id }) => id);
const callsQuery = '{ calls { agent { name } persona { id name } } }';

/** The subgraphs with Hive Gateway in front, a process of its own. */
async function startSupergraph(
  calls: readonly Call[],
  options: TestGatewayOptions = {},
  agents?: readonly Agent[],
): Promise<TestSupergraph> {
  const started = await startSubgraphs(calls, options, agents);
  const services = Object.entries(started.urls).map(([name, url]) => ({
    name,
    url,
    typeDefs: parse(subgraphs[name as keyof typeof subgraphs]),
  }));
  const folder = mkdtempSync(join(tmpdir(), 'hive-gateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'supergraph.graphql');
  writeFileSync(file, composeServices(services).supergraphSdl ?? '');
  const { output } = startProcess('node', ['test/hive-gateway/gateway.mjs', file], {
    env: { PATH: process.env['PATH'], ROUTER_SECRET: routerSecret },
  });
  await expect.poll(output, { timeout: 20_000 }).toContain('/graphql\n');
  const url = output().trim();
  return { ...started, url, query: (...args) => post(url, ...args) };
}

test('a query over three subgraphs costs one request to this one, and answers what it answers', async () => {
  const supergraph = await startSupergraph(callsWith([...ids, exampleId]));
  const { data, errors } = await supergraph.query(
    '{ calls(first: 10) { agent { name } persona { id createdAt name description goal orgId } } }',
  );
  expect(errors).toBeUndefined();
  const direct = await supergraph.gateway.post(
    {
      query: 'query ($ids: [UUID!]!) { personas(ids: $ids) { id createdAt name description goal orgId } }',
      variables: { ids: [...ids, exampleId] },
    },
    { 'router-authorization': routerSecret },
  );
  const { data: expected } = (await direct.json()) as { data: { personas: unknown[] } };
  expect(data).toMatchObject({
    calls: expected.personas.map((persona, index) => ({
      agent: { name: index % 2 === 0 ? 'Appointments' : 'Night line' },
      persona,
    })),
  });
  const requests = supergraph.requests['customer-personas'];
  expect(requests.map(({ headers }) => headers.accept)).toEqual([
    expect.stringContaining('application/graphql-response+json'),
  ]);
  expect(requests).toMatchObject([{ status: 200, contentType: expect.stringContaining('graphql-response') }]);
});

test('an agent has its name from one subgraph and its personas from another', async () => {
  const supergraph = await startSupergraph([]);
  expect(await supergraph.query('{ agents { name customerPersonas { id } } }')).toEqual({
    data: {
      agents: [
        { name: 'Appointments', customerPersonas: ids.slice(0, 3).map((id) => ({ id })) },
        { name: 'Night line', customerPersonas: [{ id: ids[3] }] },
      ],
    },
  });
});

test('a list that fails costs that list: what other subgraphs know of the agents is answered', async () => {
  const supergraph = await startSupergraph([], {}, [
    { id: '7', name: 'Appointments' },
    { id: '8', name: 'Night line' },
    { id: 'agent-x', name: 'Somebody else’s' },
  ]);
  supergraph.gateway.sandbox.faults.add({ agentId: 8, fault: { kind: 'answer', status: 500 } });
  const { data, errors } = await supergraph.query(
    '{ agents { id name customerPersonas { id } } malformed: personasByAgent(agentId: "x") { id } }',
  );
  expect(data).toEqual({
    agents: [
      { id: '7', name: 'Appointments', customerPersonas: ids.slice(0, 3).map((id) => ({ id })) },
      { id: '8', name: 'Night line', customerPersonas: null },
      { id: 'agent-x', name: 'Somebody else’s', customerPersonas: [] },
    ],
    malformed: null,
  });
  const codes = errors?.map(({ path, extensions }) => [path?.join('.'), extensions.code]);
  expect(codes?.toSorted()).toEqual([
    // The subgraph's path has the agent's index; Hive Gateway's JavaScript planner leaves it out below an entity.
    ['agents.customerPersonas', 'UPSTREAM_ERROR'],
    ['malformed', 'BAD_USER_INPUT'],
  ]);
});

test('fields that failed leave the status at 200, and arrive with their codes at their places', async () => {
  const supergraph = await startSupergraph(callsWith(ids.slice(0, 3)));
  const { faults } = supergraph.gateway.sandbox;
  faults.add({ personaId: ids[1] ?? '', fault: { kind: 'answer', status: 500 } });
  faults.add({ personaId: ids[2] ?? '', fault: { kind: 'answer', status: 403 } });
  const { data, errors } = await supergraph.query(callsQuery, {}, { 'x-request-id': 'client-1' });
  expect(data).toMatchObject({
    calls: [{ persona: { name: clinic.personas[0]?.name } }, { persona: { name: null } }, { persona: {} }],
  });
  expect(errors).toMatchObject([
    {
      path: ['calls', 1, 'persona', 'name'],
      extensions: { code: 'UPSTREAM_ERROR', requestId: 'client-1', retryable: true },
    },
    { path: ['calls', 2, 'persona', 'name'], extensions: { code: 'FORBIDDEN', requestId: 'client-1' } },
  ]);
  expect(supergraph.requests['customer-personas'].map(({ status }) => status)).toEqual([200]);
});

test('the client’s API key reaches Bluejay and no other subgraph, and its request id reaches all', async () => {
  const supergraph = await startSupergraph(callsWith([exampleId]), { auth: { mode: 'forward' } });
  const headers = { 'x-api-key': clinic.apiKey, 'x-request-id': 'client-1' };
  expect((await supergraph.query(callsQuery, {}, headers)).errors).toBeUndefined();
  expect(supergraph.gateway.sandbox.requests[0]?.headers['x-api-key']).toBe(clinic.apiKey);
  for (const [name, requests] of Object.entries(supergraph.requests)) {
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers['x-request-id']).toBe('client-1');
    const isOurs = name === 'customer-personas';
    expect(requests[0]?.headers['x-api-key']).toBe(isOurs ? clinic.apiKey : undefined);
    expect(requests[0]?.headers['router-authorization']).toBe(isOurs ? routerSecret : undefined);
  }
});

test('clients that ask the same at the same time share no answer unless they share the key', async () => {
  const supergraph = await startSupergraph(callsWith([exampleId]), { auth: { mode: 'forward' } });
  const keys = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? clinic : airline).apiKey);
  const answers = await Promise.all(
    keys.map((key) => supergraph.query(callsQuery, {}, { 'x-api-key': key })),
  );
  const names = answers.map(
    ({ data }) => (data as { calls: { persona: { name: string | null } }[] }).calls[0]?.persona.name,
  );
  expect(names).toEqual(keys.map((key) => (key === clinic.apiKey ? clinic.personas[0]?.name : null)));
});

test('a malformed key fails what it would read, and the router keeps the rest of the answer', async () => {
  const supergraph = await startSupergraph(callsWith([exampleId]), { auth: { mode: 'forward' } });
  expect(await supergraph.query(callsQuery, {}, { 'x-api-key': 'not a key' })).toMatchObject({
    data: { calls: [{ agent: { name: 'Appointments' }, persona: { name: null } }] },
    errors: [{ path: ['calls', 0, 'persona', 'name'], extensions: { code: 'UNAUTHENTICATED' } }],
  });
  expect(supergraph.requests['customer-personas'].map(({ status }) => status)).toEqual([200]);
});

test('a request that is refused as a whole has a status that says so, and still arrives as an error', async () => {
  const supergraph = await startSupergraph(callsWith([exampleId]), { auth: { mode: 'forward' } });
  expect(await supergraph.query('{ persona(id: "nobody") { id } }')).toMatchObject({
    data: { persona: null },
    errors: [{ path: ['persona'], extensions: { code: 'BAD_USER_INPUT' } }],
  });
  expect(supergraph.requests['customer-personas'].map(({ status }) => status)).toEqual([400]);
});
