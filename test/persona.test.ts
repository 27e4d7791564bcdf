import { expect, test } from 'vitest';
import { personaQuery, personasQuery } from '../examples/frontend/operations.ts';
import { airline, clinic, exampleId, someIds, startGateway, unknownId } from './support/gateway.ts';
import { startHttpUpstream } from './support/upstreams.ts';

test('a persona is answered with every field', async () => {
  const gateway = await startGateway();
  const result = await gateway.query(personaQuery, { id: exampleId });
  expect(result).toEqual({
    data: {
      persona: {
        id: exampleId,
        createdAt: '2023-11-07T05:31:56Z',
        name: 'Anxious first-time patient',
        description: expect.stringContaining('Thirty-four') as string,
        goal: expect.stringContaining('Thursday') as string,
        orgId: clinic.id,
      },
    },
  });
});

test('a persona whose fields are all null is answered with its id', async () => {
  const gateway = await startGateway();
  const id = 'e1f0a2b3-c4d5-4e6f-8a9b-0c1d2e3f4a05';
  const result = await gateway.query(personaQuery, { id });
  expect(result.errors).toBeUndefined();
  expect(result.data?.persona).toEqual({
    id,
    createdAt: null,
    name: null,
    description: null,
    goal: null,
    orgId: null,
  });
});

test('a persona that does not exist is null without an error', async () => {
  const gateway = await startGateway();
  expect(await gateway.query(personaQuery, { id: unknownId })).toEqual({ data: { persona: null } });
});

test('a persona of another organisation is null without an error', async () => {
  const gateway = await startGateway();
  const id = airline.personas[0]?.id ?? '';
  expect(await gateway.query(personaQuery, { id })).toEqual({ data: { persona: null } });
});

test('an id in upper case is the same persona', async () => {
  const gateway = await startGateway();
  const result = await gateway.query(personaQuery, { id: exampleId.toUpperCase() });
  expect(result.data?.persona?.id).toBe(exampleId);
  expect(gateway.sandbox.requests.map(({ path }) => path)).toEqual([`/v1/customer-persona/${exampleId}`]);
});

test('a null id in the answer is filled with the id that was asked for, and added fields are ignored', async () => {
  const gateway = await startGateway();
  const body = JSON.stringify({ id: null, name: 'Nameless', unheard_of: { of: 3 } });
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
  const result = await gateway.query(personaQuery, { id: exampleId });
  expect(result.errors).toBeUndefined();
  expect(result.data?.persona).toMatchObject({ id: exampleId, name: 'Nameless', createdAt: null });
});

test('Bluejay is asked with the key, for JSON, by a user agent with the version', async () => {
  const gateway = await startGateway();
  await gateway.query(personaQuery, { id: exampleId });
  const [request] = gateway.sandbox.requests;
  expect(request?.method).toBe('GET');
  expect(request?.headers).toEqual({
    host: new URL(gateway.sandbox.url).host,
    connection: 'keep-alive',
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': expect.stringMatching(/^bluejay-graphql\/\d+\.\d+\.\d+$/) as string,
    'x-api-key': clinic.apiKey,
  });
});

test('a path in the base URL comes before the API’s own', async () => {
  const sandboxed = await startGateway();
  const gateway = await startGateway({ baseUrl: `${sandboxed.sandbox.url}/bluejay/eu` });
  await gateway.query(personaQuery, { id: exampleId });
  expect(sandboxed.sandbox.requests[0]?.path).toBe(`/bluejay/eu/v1/customer-persona/${exampleId}`);
});

test('personas come in the order of the ids, and each id is read once', async () => {
  const gateway = await startGateway();
  const [first, second] = clinic.personas.map(({ id }) => id) as [string, string];
  const result = await gateway.query(personasQuery, {
    ids: [second, unknownId, first, second.toUpperCase()],
  });
  expect(result.errors).toBeUndefined();
  expect(result.data?.personas?.map((persona) => persona?.id ?? null)).toEqual([second, null, first, second]);
  expect(gateway.sandbox.requests).toHaveLength(3);
});

test('one persona that fails does not harm the others', async () => {
  const gateway = await startGateway();
  const [first, second] = clinic.personas.map(({ id }) => id) as [string, string];
  gateway.sandbox.faults.add({ personaId: first, fault: { kind: 'answer', status: 503 } });
  const result = await gateway.query(personasQuery, { ids: [first, second] });
  expect(result.data?.personas).toEqual([null, expect.objectContaining({ id: second })]);
  expect(result.errors).toMatchObject([
    { path: ['personas', 0], extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
  ]);
});

test('aliases of the same persona cost one read', async () => {
  const gateway = await startGateway();
  const fields = ['a', 'b', 'c'].map((alias) => `${alias}: persona(id: "${exampleId}") { id }`).join(' ');
  const response = await gateway.post({ query: `{ ${fields} }` });
  const persona = { id: exampleId };
  expect(await response.json()).toEqual({ data: { a: persona, b: persona, c: persona } });
  expect(gateway.sandbox.requests).toHaveLength(1);
});

test('two requests for the same persona share nothing', async () => {
  const gateway = await startGateway();
  await gateway.query(personaQuery, { id: exampleId });
  await gateway.query(personaQuery, { id: exampleId });
  expect(gateway.sandbox.requests).toHaveLength(2);
});

test('101 ids are refused before any read', async () => {
  const gateway = await startGateway();
  const { errors } = await gateway.query(personasQuery, { ids: Array<string>(101).fill(exampleId) });
  expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'ids' } }]);
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test('a batch of 100 reads keeps at most 32 in flight', async () => {
  const held: (() => void)[] = [];
  const baseUrl = await startHttpUpstream(({ url = '' }, response) => {
    held.push(() => response.end(JSON.stringify({ id: url.slice(-36) })));
  });
  const gateway = await startGateway({ baseUrl, timeoutMs: 60_000, requestTimeoutMs: 60_000 });
  const ids = someIds(100);
  const answer = gateway.query(personasQuery, { ids });
  for (const inFlight of [32, 32, 32, 4]) {
    await expect.poll(() => held.length).toBe(inFlight);
    for (const respond of held.splice(0)) respond();
  }
  expect((await answer).data?.personas?.map((persona) => persona?.id)).toEqual(ids);
});
