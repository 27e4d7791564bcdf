import { expect, onTestFinished, test } from 'vitest';
import { createSandbox } from '../../../src/sandbox/index.ts';
import { clinic, exampleId, someIds, unknownId } from '../../support/gateway.ts';
import { callsWith, post, routerSecret } from '../start-supergraph.ts';
import type { TestSupergraph } from '../start-supergraph.ts';
import type { Guide } from './guide.ts';
import { personasOf } from './personas-of.ts';
import type { StartWith } from './start-with.ts';

const ids = clinic.personas.map(({ id }) => id);
const [first] = clinic.personas;
const callsQuery = `query ($first: Int!) {
  calls(first: $first) { id agent { name } persona { id createdAt name description goal orgId } }
}`;

/** Data over several subgraphs, and what it costs this one. */
export function testAnswers(startWith: StartWith, guide: Guide): void {
  test('one query of a client is answered by three subgraphs, as the subgraph itself would answer', async () => {
    const supergraph = await startWith(callsWith([...ids, null]));
    const answer = await supergraph.query(callsQuery, { first: 10 });
    expect(answer.errors).toBeUndefined();
    expect(answer.data?.['calls']).toContainEqual({
      id: 'call-0',
      agent: { name: 'Appointments' },
      persona: expect.objectContaining({ id: exampleId }) as unknown,
    });
    const direct = await askDirectly(
      supergraph,
      'query ($ids: [UUID!]!) { personas(ids: $ids) { id createdAt name description goal orgId } }',
      { ids },
    );
    const { personas } = direct.data as { personas: unknown[] };
    expect(personasOf(answer)).toEqual([...personas, null]);
  });

  test('root fields answer what the subgraph answers', async () => {
    const supergraph = await startWith([]);
    const query = `query ($id: UUID!, $ids: [UUID!]!) {
      persona(id: $id) { id createdAt name description goal orgId }
      personas(ids: $ids) { id name }
      none: persona(id: "${unknownId}") { id }
      personasByAgent(agentId: "7") { id createdAt }
    }`;
    const variables = { id: exampleId.toUpperCase(), ids };
    const direct = await askDirectly(supergraph, query, variables);
    expect(direct.errors).toBeUndefined();
    expect(await supergraph.query(query, variables)).toEqual(direct);
  });

  test('fifty calls cost one request to the subgraph, and one read for each persona', async () => {
    const personas = someIds(25).map((id, index) => ({ ...first!, id, name: `Persona ${index}` }));
    const sandbox = await createSandbox({ organisations: [{ ...clinic, personas }] });
    onTestFinished(() => sandbox.close());
    const supergraph = await startWith(callsWith([...someIds(25), ...someIds(25)]), {
      baseUrl: sandbox.url,
    });
    const answer = await supergraph.query(callsQuery, { first: 50 });
    expect(answer.errors).toBeUndefined();
    const names = personas.map((persona) => persona.name);
    expect(personasOf(answer).map((persona) => persona?.['name'])).toEqual([...names, ...names]);
    expect(supergraph.requests['customer-personas']).toHaveLength(1);
    expect(sandbox.requests).toHaveLength(25);
  });

  test('a query that reaches the subgraph by four paths costs as many requests as the guide says', async () => {
    const supergraph = await startWith(callsWith(ids));
    const query = `{
      a: calls { persona { name } } b: calls { persona { name } }
      agents { customerPersonas { id } } persona(id: "${exampleId}") { name }
    }`;
    const { data, errors } = await supergraph.query(query);
    expect(errors).toBeUndefined();
    const calls = clinic.personas.map((persona) => ({ persona: { name: persona.name } }));
    expect(data).toMatchObject({
      a: calls,
      b: calls,
      agents: [
        { customerPersonas: ids.slice(0, 3).map((id) => ({ id })) },
        { customerPersonas: [{ id: ids[3] }] },
      ],
      persona: { name: first?.name },
    });
    expect(supergraph.requests['customer-personas']).toHaveLength(Number(guide['Requests for four paths']));
  });
}

/** Asks the subgraph itself, past the gateway. */
async function askDirectly({ gateway }: TestSupergraph, query: string, variables: Record<string, unknown>) {
  return post(`${gateway.url}/graphql`, query, variables, { 'router-authorization': routerSecret });
}
