import { composeServices } from '@apollo/composition';
import { expect, onTestFinished, test } from 'vitest';
import { startSupergraphGateway } from '../../examples/supergraph/supergraph-gateway.ts';
import { clinic, exampleId, unknownId } from '../support/gateway.ts';
import { testScenarios } from './scenarios/index.ts';
import { callsWith, routerSecret, servicesOf, startSupergraph } from './start-supergraph.ts';
import type { StartGateway } from './start-supergraph.ts';

/** The gateway of the example. */
const startApolloGateway: StartGateway = async (urls, sdls) => {
  const { url, close } = await startSupergraphGateway({
    subgraphs: urls,
    supergraphSdl: composeServices(servicesOf(urls, sdls)).supergraphSdl,
    routerSecret,
  });
  onTestFinished(close);
  return url;
};

testScenarios('Apollo’s gateway for Node.js', startApolloGateway);

test('the client may keep an answer as long as Bluejay says, for itself, and no answer with an error', async () => {
  const supergraph = await startSupergraph(startApolloGateway, []);
  const { faults } = supergraph.gateway.sandbox;
  const [kept, failing] = clinic.personas.map(({ id }) => id) as [string, string];
  const fresh = { headers: { 'cache-control': 'max-age=60' }, body: JSON.stringify(clinic.personas[0]) };
  faults.add({ personaId: kept, fault: { kind: 'answer', status: 200, ...fresh } });
  faults.add({ personaId: failing, fault: { kind: 'answer', status: 500 } });
  const cacheControl = async (query: string) => {
    const response = await fetch(supergraph.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    await response.text();
    return response.headers.get('cache-control');
  };
  expect(await cacheControl(`{ persona(id: "${kept}") { name } }`)).toMatch(/^max-age=\d+, private$/);
  expect(await cacheControl(`{ personas(ids: ["${kept}", "${failing}"]) { name } }`)).toBe('no-store');
});

test('mutations of a client are sent on one by one, and their errors keep what they say', async () => {
  const supergraph = await startSupergraph(startApolloGateway, callsWith([exampleId]), { writes: true });
  const { gateway, query } = supergraph;
  expect(
    await query(
      `mutation ($id: UUID!) {
        a: updateCustomerPersona(input: { id: $id, name: "Ann" }) { customerPersona { id name } }
        b: deleteCustomerPersona(input: { id: "${unknownId}" }) { deletedId }
        c: updateCustomerPersona(input: { id: $id, goal: null }) { customerPersona { name goal } }
      }`,
      { id: exampleId },
    ),
  ).toMatchObject({
    data: {
      a: { customerPersona: { id: exampleId, name: 'Ann' } },
      b: null,
      c: { customerPersona: { name: 'Ann', goal: null } },
    },
    errors: [{ path: ['b'], extensions: { code: 'NOT_FOUND', outcome: 'not_applied' } }],
  });
  const writes = () => gateway.sandbox.requests.filter(({ method }) => method !== 'GET').length;
  expect(writes()).toBe(3);
  expect((await query('{ calls(first: 1) { persona { name goal } } }')).data).toEqual({
    calls: [{ persona: { name: 'Ann', goal: null } }],
  });

  gateway.sandbox.faults.add({ method: 'POST', fault: { kind: 'reset' }, isApplied: true });
  const create =
    'mutation { createCustomerPersona(input: { name: "Eve", description: "x", goal: "y" }) { customerPersona { id } } }';
  expect((await query(create)).errors).toMatchObject([
    { extensions: { code: 'UPSTREAM_UNAVAILABLE', outcome: 'unknown', retryable: false } },
  ]);
  // Nor does the gateway in front send it again.
  expect(writes()).toBe(4);
});
