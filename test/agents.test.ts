import { expect, test } from 'vitest';
import { airline, clinic, exampleId, startGateway, unknownId } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

interface Answer {
  readonly data: Record<string, unknown> | null;
  readonly errors?: { path: unknown[]; message: string; extensions: Record<string, unknown> }[];
}

async function ask(gateway: TestGateway, query: string, variables = {}, headers = {}): Promise<Answer> {
  return (await (await gateway.post({ query, variables }, headers)).json()) as Answer;
}

const agent = (id: unknown) => ({ __typename: 'Agent', id });
const agentsQuery = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Agent { id customerPersonas { id name } } }
}`;
const agents = (gateway: TestGateway, ids: unknown[]) =>
  ask(gateway, agentsQuery, { representations: ids.map(agent) });

const listPath = (id: number) => `/v1/customer-personas-by-agent/${id}`;
const pathsOf = (gateway: TestGateway) => gateway.sandbox.requests.map(({ path }) => path);
const brief = (count: number) => clinic.personas.slice(0, count).map(({ id, name }) => ({ id, name }));

const upstream = { service: 'bluejay', operation: 'listCustomerPersonasByAgent' };

test('the personas of an agent come in Bluejay’s order', async () => {
  const gateway = await startGateway();
  const { data, errors } = await ask(gateway, '{ personasByAgent(agentId: 7) { id createdAt name } }');
  expect(errors).toBeUndefined();
  expect(data?.['personasByAgent']).toEqual([
    { ...brief(3)[0], createdAt: '2023-11-07T05:31:56Z' },
    { ...brief(3)[1], createdAt: '2024-02-14T09:12:03.104233Z' },
    { ...brief(3)[2], createdAt: '2024-03-02T17:45:00Z' },
  ]);
  expect(pathsOf(gateway)).toEqual([listPath(7)]);
});

test('an agent without personas, and one that does not exist, have none', async () => {
  const gateway = await startGateway();
  const query =
    '{ none: personasByAgent(agentId: "9") { id } unknown: personasByAgent(agentId: "404") { id } }';
  expect(await ask(gateway, query)).toEqual({ data: { none: [], unknown: [] } });
});

test('agents of a request are read once each, and a list that fails costs that list', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ agentId: 8, fault: { kind: 'answer', status: 500 } });
  const { data, errors } = await agents(gateway, ['7', '8', 7, 'seven', '9']);
  expect(data?.['_entities']).toEqual([
    { id: '7', customerPersonas: brief(3) },
    { id: '8', customerPersonas: null },
    { id: '7', customerPersonas: brief(3) },
    { id: 'seven', customerPersonas: [] },
    { id: '9', customerPersonas: [] },
  ]);
  expect(errors).toMatchObject([
    {
      path: ['_entities', 1, 'customerPersonas'],
      extensions: { code: 'UPSTREAM_ERROR', upstream: { ...upstream, status: 500 } },
    },
  ]);
  expect(pathsOf(gateway).toSorted()).toEqual([listPath(7), listPath(8), listPath(9)]);
});

const notBluejays = [
  'seven',
  '',
  ' 7',
  '7 ',
  '+7',
  '07',
  '-0',
  '7.0',
  '7e3',
  '0x7',
  '9007199254740992',
  '99999999999999999999',
  '../7',
];

test('an agent whose id Bluejay cannot have is one without personas, and costs no call', async () => {
  const gateway = await startGateway();
  const { data, errors } = await agents(gateway, notBluejays);
  expect(errors).toBeUndefined();
  expect(data?.['_entities']).toEqual(notBluejays.map((id) => ({ id, customerPersonas: [] })));
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test.each(notBluejays)('the agent id "%s" is refused at its field, before a call', async (agentId) => {
  const gateway = await startGateway();
  const query = 'query ($agentId: ID!) { personasByAgent(agentId: $agentId) { id } }';
  const { data, errors } = await ask(gateway, query, { agentId });
  expect(data).toEqual({ personasByAgent: null });
  expect(errors).toMatchObject([
    {
      path: ['personasByAgent'],
      extensions: { code: 'BAD_USER_INPUT', fieldErrors: [{ path: ['agentId'], type: 'int_parsing' }] },
    },
  ]);
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test.each([[['7']], [{}], [null], [undefined], [7.5], [2 ** 53], [true]])(
  'a representation of an agent with the id %j is refused before a call',
  async (id) => {
    const gateway = await startGateway();
    const { data, errors } = await agents(gateway, [id, '9']);
    expect(data?.['_entities']).toEqual([null, { id: '9', customerPersonas: [] }]);
    expect(errors).toMatchObject([
      { path: ['_entities', 0], extensions: { code: 'BAD_USER_INPUT', fieldErrors: [{ path: ['id'] }] } },
    ]);
    expect(pathsOf(gateway)).toEqual([listPath(9)]);
  },
);

test('a 422 of Bluejay’s about the agent names the argument', async () => {
  const gateway = await startGateway();
  const detail = [{ loc: ['path', 'agent_id'], msg: 'Too large', type: 'less_than' }];
  gateway.sandbox.faults.add({
    fault: { kind: 'answer', status: 422, body: JSON.stringify({ detail }) },
  });
  const fieldErrors = (path: string) => [{ path: [path], message: 'Too large', type: 'less_than' }];
  const byAgent = await ask(gateway, '{ personasByAgent(agentId: 7) { id } }');
  expect(byAgent.errors).toMatchObject([{ extensions: { fieldErrors: fieldErrors('agentId') } }]);
  const entity = await agents(gateway, ['7']);
  expect(entity.errors).toMatchObject([{ extensions: { fieldErrors: fieldErrors('id') } }]);
});

test('personas that a list brings are not read again in the same request', async () => {
  const gateway = await startGateway();
  const second = clinic.personas[1]?.id ?? '';
  const other = clinic.personas[5]?.id ?? '';
  const query = `query ($representations: [_Any!]!) {
    persona(id: "${exampleId}") { name }
    personasByAgent(agentId: 7) { id }
    _entities(representations: $representations) { ... on CustomerPersona { id name } }
  }`;
  const representations = [second, other].map((id) => ({ __typename: 'CustomerPersona', id }));
  const { data, errors } = await ask(gateway, query, { representations });
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    persona: { name: clinic.personas[0]?.name },
    _entities: [brief(2)[1], { id: other, name: null }],
  });
  expect(pathsOf(gateway)).toEqual([listPath(7), `/v1/customer-persona/${other}`]);
});

test('a list that fails or hangs takes no persona with it', async () => {
  const gateway = await startGateway({ timeoutMs: 1_500 });
  gateway.sandbox.faults.add({ agentId: 7, fault: { kind: 'hang' } });
  gateway.sandbox.faults.add({ agentId: 8, fault: { kind: 'reset' } });
  const query = `query ($representations: [_Any!]!) {
    persona(id: "${exampleId}") { name }
    _entities(representations: $representations) { ... on Agent { customerPersonas { id } } }
  }`;
  const { data, errors } = await ask(gateway, query, { representations: [agent('7'), agent('8')] });
  const failed = { customerPersonas: null };
  expect(data).toEqual({ persona: { name: clinic.personas[0]?.name }, _entities: [failed, failed] });
  expect(errors?.map(({ extensions }) => extensions['code']).toSorted()).toEqual([
    'UPSTREAM_TIMEOUT',
    'UPSTREAM_UNAVAILABLE',
  ]);
});

test('items of a list without a usable id are left out and counted', async () => {
  const dropped: number[] = [];
  const gateway = await startGateway({ events: { onItemsDropped: (count) => dropped.push(count) } });
  const unusable = [null, 7, 'canary', [], {}, { error: 'canary' }, { name: 'canary' }];
  const ids = [null, 7, 'canary', '', {}].map((id) => ({ id, name: 'canary' }));
  const body = JSON.stringify([...unusable, clinic.personas[0], ...ids]);
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
  expect(await ask(gateway, '{ personasByAgent(agentId: 7) { id } }')).toEqual({
    data: { personasByAgent: [{ id: exampleId }] },
  });
  expect(dropped).toEqual([12]);
  expect(gateway.logs).toContainEqual(expect.objectContaining({ level: 'warn', count: 12 }));
  expect(gateway.logText()).not.toContain('canary');
});

test.each([
  ['is an object', '{}'],
  ['is not JSON', '<html>canary'],
  ['is empty', ''],
  ['has only items of another type', `["${exampleId}"]`],
  ['has only items without a usable id', '[{"error":"canary"},{"id":7},{"id":"canary"},null]'],
])('a list that %s is UPSTREAM_INVALID_RESPONSE', async (_name, body) => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
  const { errors } = await ask(gateway, '{ personasByAgent(agentId: 7) { id } }');
  expect(errors).toMatchObject([
    { extensions: { code: 'UPSTREAM_INVALID_RESPONSE', upstream: { ...upstream, status: 200 } } },
  ]);
  expect(JSON.stringify(errors)).not.toContain('canary');
});

test('a list may be larger than one persona, and one beyond 16 MiB is refused', async () => {
  const gateway = await startGateway();
  const answer = (length: number, description: string) =>
    JSON.stringify(Array.from({ length }, () => ({ id: exampleId, description })));
  const query = '{ personasByAgent(agentId: 7) { id } }';
  const text = 'x'.repeat(40_000);
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body: answer(400, text) } });
  expect((await ask(gateway, query)).data?.['personasByAgent']).toHaveLength(400);
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body: answer(500, text) } });
  expect((await ask(gateway, query)).errors).toMatchObject([
    { extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } },
  ]);
});

test('with forward, lists are read with the caller’s key, and without one nothing is read', async () => {
  const gateway = await startGateway({ auth: { mode: 'forward' } });
  const query = '{ personasByAgent(agentId: 7) { id } }';
  const as = (apiKey: string) => ask(gateway, query, {}, { 'x-api-key': apiKey });
  const [mine, theirs, nobodys] = await Promise.all([
    as(clinic.apiKey),
    as(airline.apiKey),
    ask(gateway, query),
  ]);
  expect(mine.data?.['personasByAgent']).toHaveLength(3);
  expect(theirs.data).toEqual({ personasByAgent: [] });
  expect(nobodys.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  expect(gateway.sandbox.requests).toHaveLength(2);
});

test('lists that fail open no breaker of the personas', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 500 }, agentId: 7 });
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 500 }, agentId: 8 });
  for (let round = 0; round < 15; round += 1) await agents(gateway, ['7', '8']);
  expect((await agents(gateway, ['7'])).errors).toMatchObject([
    { extensions: { code: 'UPSTREAM_UNAVAILABLE', reason: 'circuit_open', upstream } },
  ]);
  expect(await ask(gateway, `{ persona(id: "${unknownId}") { id } }`)).toEqual({ data: { persona: null } });
});

test('a field that fails, or has a wrong argument, costs itself and nothing beside it', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ agentId: 8, fault: { kind: 'answer', status: 500 } });
  const query = `query ($ids: [UUID!]!) {
    failing: personasByAgent(agentId: 8) { id }
    malformed: personasByAgent(agentId: "agent-x") { id }
    many: personas(ids: $ids) { id }
    fine: personasByAgent(agentId: 7) { id name }
    persona(id: "${exampleId}") { id }
  }`;
  const { data, errors } = await ask(gateway, query, { ids: Array<string>(101).fill(unknownId) });
  expect(data).toEqual({
    failing: null,
    malformed: null,
    many: null,
    fine: brief(3),
    persona: { id: exampleId },
  });
  expect(new Map(errors?.map(({ path, extensions }) => [path.join('.'), extensions['code']]))).toEqual(
    new Map([
      ['failing', 'UPSTREAM_ERROR'],
      ['malformed', 'BAD_USER_INPUT'],
      ['many', 'QUERY_TOO_COMPLEX'],
    ]),
  );
});
