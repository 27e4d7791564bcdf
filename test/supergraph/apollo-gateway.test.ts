import { expect, onTestFinished, test } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { airline, clinic, exampleId, someIds, unknownId } from '../support/gateway.ts';
import { callsWith, post, routerSecret, startSupergraph } from './start-supergraph.ts';

const ids = clinic.personas.map(({ id }) => id);
const callsQuery = `query ($first: Int!) {
  calls(first: $first) { id agent { name } persona { id createdAt name description goal orgId } }
}`;

interface CallsData {
  readonly calls: readonly { readonly persona: Record<string, unknown> | null }[];
}

function personasOf({ data }: { data?: unknown }) {
  return (data as CallsData).calls.map(({ persona }) => persona);
}

/** A sandbox with as many personas as asked for. */
async function startSandboxWith(count: number) {
  const personas = someIds(count).map((id, index) => ({
    ...clinic.personas[0]!,
    id,
    name: `Persona ${index}`,
  }));
  const sandbox = await createSandbox({ organisations: [{ ...clinic, personas }] });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

test('one query of a client is answered by three subgraphs, as the subgraph itself would answer', async () => {
  const supergraph = await startSupergraph(callsWith([...ids, null]));
  const answer = await supergraph.query(callsQuery, { first: 10 });
  expect(answer.errors).toBeUndefined();
  expect(answer.data?.['calls']).toContainEqual({
    id: 'call-0',
    agent: { name: 'Appointments' },
    persona: expect.objectContaining({ id: exampleId }) as unknown,
  });

  const direct = await post(
    `${supergraph.gateway.url}/graphql`,
    'query ($ids: [UUID!]!) { personas(ids: $ids) { id createdAt name description goal orgId } }',
    { ids },
    { 'router-authorization': routerSecret },
  );
  const { personas } = direct.data as { personas: unknown[] };
  expect(personasOf(answer)).toEqual([...personas, null]);
});

test('fifty calls with personas cost one request to the subgraph and fifty reads', async () => {
  const sandbox = await startSandboxWith(50);
  const supergraph = await startSupergraph(callsWith(someIds(50)), { baseUrl: sandbox.url });
  const answer = await supergraph.query(callsQuery, { first: 50 });
  expect(answer.errors).toBeUndefined();
  const names = personasOf(answer).map((persona) => persona?.['name']);
  expect(names).toEqual(Array.from({ length: 50 }, (_, index) => `Persona ${index}`));

  const [request, ...others] = supergraph.requests['customer-personas'];
  expect(others).toEqual([]);
  expect(request?.body.variables?.['representations']).toHaveLength(50);
  expect(sandbox.requests).toHaveLength(50);
});

test('calls that share a persona share its read', async () => {
  const sandbox = await startSandboxWith(5);
  const personaIds = Array.from({ length: 10 }, () => someIds(5)).flat();
  const supergraph = await startSupergraph(callsWith(personaIds), { baseUrl: sandbox.url });
  expect(personasOf(await supergraph.query(callsQuery, { first: 50 }))).toHaveLength(50);
  const [request, ...others] = supergraph.requests['customer-personas'];
  expect(others).toEqual([]);
  expect(request?.body.variables?.['representations']).toHaveLength(50);
  expect(sandbox.requests).toHaveLength(5);
});

test('an agent has its name from one subgraph and its personas, read as a list, from another', async () => {
  const supergraph = await startSupergraph(callsWith(ids.slice(0, 3)));
  const { data, errors } = await supergraph.query(
    '{ agents { id name customerPersonas { id name } } calls { agent { customerPersonas { id } } } }',
  );
  expect(errors).toBeUndefined();
  const [first] = clinic.agents;
  expect(data?.['agents']).toMatchObject([
    { id: '7', name: 'Appointments', customerPersonas: first?.personaIds.map((id) => ({ id })) },
    { id: '8', name: 'Night line', customerPersonas: [{ id: ids[3] }] },
  ]);
  expect(data?.['calls']).toHaveLength(3);
  const paths = supergraph.gateway.sandbox.requests.map(({ path }) => path);
  expect(new Set(paths)).toEqual(
    new Set(['/v1/customer-personas-by-agent/7', '/v1/customer-personas-by-agent/8']),
  );
});

test('a list that fails costs that list: what other subgraphs know of the agents is answered', async () => {
  const supergraph = await startSupergraph(callsWith(ids.slice(0, 2)), {}, [
    { id: '7', name: 'Appointments' },
    { id: '8', name: 'Night line' },
    { id: 'agent-x', name: 'Somebody else’s' },
  ]);
  supergraph.gateway.sandbox.faults.add({ agentId: 8, fault: { kind: 'answer', status: 500 } });
  const { data, errors } = await supergraph.query(
    `{ agents { id name customerPersonas { name } }
       calls { id agent { name } persona { name } }
       malformed: personasByAgent(agentId: "agent-x") { name } }`,
  );
  const names = clinic.personas.map(({ name }) => ({ name }));
  expect(data).toEqual({
    agents: [
      { id: '7', name: 'Appointments', customerPersonas: names.slice(0, 3) },
      { id: '8', name: 'Night line', customerPersonas: null },
      { id: 'agent-x', name: 'Somebody else’s', customerPersonas: [] },
    ],
    calls: [
      { id: 'call-0', agent: { name: 'Appointments' }, persona: names[0] },
      { id: 'call-1', agent: { name: 'Night line' }, persona: names[1] },
    ],
    malformed: null,
  });
  expect(errors).toHaveLength(2);
  expect(errors).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        path: ['agents', 1, 'customerPersonas'],
        extensions: expect.objectContaining({ code: 'UPSTREAM_ERROR', retryable: true }) as unknown,
      }),
      expect.objectContaining({
        path: ['malformed'],
        extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) as unknown,
      }),
    ]),
  );
});

test('each client’s own API key and request id reach Bluejay’s side, and no other subgraph sees the key', async () => {
  const supergraph = await startSupergraph(callsWith([exampleId]), { auth: { mode: 'forward' } });
  const { sandbox, logs } = supergraph.gateway;
  const ask = ({ apiKey }: { apiKey: string }, requestId: string) =>
    supergraph.query(callsQuery, { first: 1 }, { 'x-api-key': apiKey, 'x-request-id': requestId });

  const [own, foreign] = [await ask(clinic, 'clinic-1'), await ask(airline, 'airline-1')];
  expect(own.data).toMatchObject({ calls: [{ persona: { name: clinic.personas[0]?.name } }] });
  // A persona of another organisation is one that does not exist.
  expect(foreign.data).toMatchObject({
    calls: [{ agent: { name: 'Appointments' }, persona: { name: null } }],
  });
  expect(foreign.errors).toBeUndefined();
  expect(sandbox.requests.map(({ headers }) => headers['x-api-key'])).toEqual([
    clinic.apiKey,
    airline.apiKey,
  ]);

  for (const requests of Object.values(supergraph.requests)) {
    expect(requests.map(({ headers }) => headers['x-request-id'])).toEqual(['clinic-1', 'airline-1']);
  }
  for (const { headers } of [...supergraph.requests.agents, ...supergraph.requests.calls]) {
    expect(headers).not.toHaveProperty('x-api-key');
    expect(headers).not.toHaveProperty('router-authorization');
  }
  await expect
    .poll(() => logs.filter(({ msg }) => msg === 'request').map(({ requestId }) => requestId))
    .toEqual(expect.arrayContaining(['clinic-1', 'airline-1']));
});

test('errors arrive at the client with their codes, at their places, and harm nothing else', async () => {
  const supergraph = await startSupergraph(callsWith(ids.slice(0, 5)));
  const { faults } = supergraph.gateway.sandbox;
  const [, failing, limited, forbidden, broken] = ids as [string, string, string, string, string];
  faults.add({ personaId: failing, fault: { kind: 'answer', status: 500 } });
  faults.add({
    personaId: limited,
    fault: { kind: 'answer', status: 429, headers: { 'retry-after': '30' } },
  });
  faults.add({ personaId: forbidden, fault: { kind: 'answer', status: 403 } });
  faults.add({ personaId: broken, fault: { kind: 'answer', status: 200, body: 'no JSON' } });

  const headers = { 'x-request-id': 'client-1' };
  const { data, errors } = await supergraph.query(callsQuery, { first: 5 }, headers);
  expect(errors).toMatchObject([
    { path: ['calls', 1, 'persona'], extensions: { code: 'UPSTREAM_ERROR', retryable: true } },
    { path: ['calls', 2, 'persona'], extensions: { code: 'RATE_LIMITED', retryAfterMs: 30_000 } },
    { path: ['calls', 3, 'persona'], extensions: { code: 'FORBIDDEN', retryable: false } },
    { path: ['calls', 4, 'persona'], extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } },
  ]);
  expect(errors?.map(({ extensions }) => extensions.requestId)).toEqual(errors?.map(() => 'client-1'));
  expect(data).toMatchObject({
    calls: [
      { persona: { name: clinic.personas[0]?.name } },
      ...ids.slice(1, 5).map((id) => ({ persona: { id, name: null } })),
    ],
  });
});

test('a client without a key gets every other field, and is told what to send', async () => {
  const supergraph = await startSupergraph(callsWith([exampleId]), { auth: { mode: 'forward' } });
  const { data, errors } = await supergraph.query(callsQuery, { first: 1 });
  expect(data).toMatchObject({ calls: [{ agent: { name: 'Appointments' } }] });
  expect(errors).toMatchObject([
    { message: expect.stringContaining('X-API-Key'), extensions: { code: 'UNAUTHENTICATED' } },
  ]);
  // A status that failed would make the router drop what did not fail.
  expect(supergraph.requests['customer-personas'].map(({ status }) => status)).toEqual([200]);
});

test('root fields through the supergraph answer what the subgraph answers', async () => {
  const supergraph = await startSupergraph([]);
  const query = `query ($id: UUID!, $ids: [UUID!]!) {
    persona(id: $id) { id createdAt name description goal orgId }
    personas(ids: $ids) { id name }
    none: persona(id: "${unknownId}") { id }
    personasByAgent(agentId: "7") { id createdAt }
  }`;
  const variables = { id: exampleId.toUpperCase(), ids };
  const direct = await post(`${supergraph.gateway.url}/graphql`, query, variables, {
    'router-authorization': routerSecret,
  });
  expect(direct.errors).toBeUndefined();
  expect(await supergraph.query(query, variables)).toEqual(direct);
});

test('only the router gets an answer', async () => {
  const supergraph = await startSupergraph([]);
  const query = `{ persona(id: "${exampleId}") { id } }`;
  expect((await supergraph.query(query)).data).toEqual({ persona: { id: exampleId } });
  const direct = await post(`${supergraph.gateway.url}/graphql`, query);
  expect(direct).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});

test('a malformed key fails what it would read, and the router keeps the rest of the answer', async () => {
  const supergraph = await startSupergraph(callsWith([exampleId]), { auth: { mode: 'forward' } });
  const { data, errors } = await supergraph.query(callsQuery, { first: 1 }, { 'x-api-key': 'not a key' });
  expect(supergraph.requests['customer-personas'].map(({ status }) => status)).toEqual([200]);
  expect(data).toMatchObject({ calls: [{ agent: { name: 'Appointments' }, persona: { name: null } }] });
  expect(errors).toMatchObject([
    { path: ['calls', 0, 'persona'], extensions: { code: 'UNAUTHENTICATED', retryable: false } },
  ]);
});

test('a request that is refused as a whole says why, and shows the client nothing of the subgraph', async () => {
  const supergraph = await startSupergraph(callsWith(ids), { maxRepresentations: 1 });
  const { data, errors } = await supergraph.query(callsQuery, { first: 2 });
  expect(data).toMatchObject({ calls: [{ agent: { name: 'Appointments' }, persona: { name: null } }, {}] });
  expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'representations' } }]);
  expect(JSON.stringify(errors)).not.toContain('127.0.0.1');
});

test('the client may keep an answer as long as Bluejay says, for itself, and no answer with an error', async () => {
  const supergraph = await startSupergraph([]);
  const { faults } = supergraph.gateway.sandbox;
  const [kept, failing] = ids as [string, string];
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
