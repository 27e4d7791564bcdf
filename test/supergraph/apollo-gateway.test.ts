import { composeServices } from '@apollo/composition';
import { expect, onTestFinished, test } from 'vitest';
import { startSupergraphGateway } from '../../examples/supergraph/supergraph-gateway.ts';
import { clinic } from '../support/gateway.ts';
import { testScenarios } from './scenarios/index.ts';
import { routerSecret, servicesOf, startSupergraph } from './start-supergraph.ts';
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
