import { expect, test } from 'vitest';
import { airline, clinic, exampleId, startGateway, unknownId } from '../support/gateway.ts';
import {
  create,
  newPersona,
  readName,
  remove,
  run,
  startWriter,
  update,
  writesTo,
} from '../support/writes.ts';

test('a persona is created, read, updated and deleted', async () => {
  const gateway = await startWriter();
  const created = await create(gateway, { ...newPersona, agentId: '7' });
  const { id } = created.data.createCustomerPersona.customerPersona as { id: string };
  expect(created).toEqual({ data: { createCustomerPersona: { customerPersona: { id, ...newPersona } } } });
  expect(await readName(gateway, id)).toBe('Ann');
  const { data } = await run(gateway, '{ personasByAgent(agentId: 7) { id } }');
  expect(data.personasByAgent).toContainEqual({ id });
  expect(await update(gateway, { id, goal: 'A refund' })).toEqual({
    data: {
      updateCustomerPersona: { customerPersona: { id, ...newPersona, goal: 'A refund' } },
    },
  });
  expect(await remove(gateway, id)).toEqual({
    data: { deleteCustomerPersona: { deletedId: id, customerPersona: { name: 'Ann' } } },
  });
  expect(await readName(gateway, id)).toBeNull();
  expect(writesTo(gateway)).toEqual([
    `POST /v1/create-customer-persona ${JSON.stringify({ ...newPersona, agent_id: 7 })}`,
    `PUT /v1/update-customer-persona/${id} {"goal":"A refund"}`,
    `DELETE /v1/customer-persona/${id}`,
  ]);
});

test('what is left out is not sent, and null is sent as null', async () => {
  const gateway = await startWriter();
  await update(gateway, { name: null });
  await update(gateway, { name: 'Ann', description: null });
  await create(gateway, newPersona);
  await create(gateway, { ...newPersona, agentId: null });
  // A variable that is not given is no null either.
  await run(
    gateway,
    'mutation ($goal: String) { updateCustomerPersona(input: { id: "3C90C3CC-0D44-4B50-8888-8DD25736052A", name: "Eve", goal: $goal }) { customerPersona { id } } }',
  );
  expect(writesTo(gateway).map((write) => write.slice(write.indexOf('{')))).toEqual([
    '{"name":null}',
    '{"description":null,"name":"Ann"}',
    JSON.stringify(newPersona),
    JSON.stringify({ ...newPersona, agent_id: null }),
    '{"name":"Eve"}',
  ]);
  expect(writesTo(gateway)[4]).toContain(exampleId);
});

test('an update of nothing, and an agent that none can be, cost no call', async () => {
  const gateway = await startWriter();
  expect((await update(gateway, {})).errors).toMatchObject([
    {
      path: ['updateCustomerPersona'],
      extensions: { code: 'BAD_USER_INPUT', outcome: 'not_applied', fieldErrors: [{ path: ['input'] }] },
    },
  ]);
  expect((await create(gateway, { ...newPersona, agentId: 'seven' })).errors).toMatchObject([
    {
      extensions: {
        code: 'BAD_USER_INPUT',
        outcome: 'not_applied',
        fieldErrors: [{ path: ['input', 'agentId'] }],
      },
    },
  ]);
  expect(gateway.sandbox.requests).toEqual([]);
});

test('a persona that is not there, or another tenant’s, is NOT_FOUND and stays as it is', async () => {
  const gateway = await startWriter();
  const notFound = [{ extensions: { code: 'NOT_FOUND', outcome: 'not_applied', retryable: false } }];
  expect(await update(gateway, { id: unknownId, name: 'Eve' })).toMatchObject({
    data: { updateCustomerPersona: null },
    errors: notFound,
  });
  expect((await remove(gateway, exampleId, airline.apiKey)).errors).toMatchObject(notFound);
  expect((await update(gateway, { name: 'Eve' }, airline.apiKey)).errors).toMatchObject(notFound);
  expect((await create(gateway, { ...newPersona, agentId: 21 })).errors).toMatchObject(notFound);
  expect(await readName(gateway)).toBe(clinic.personas[0]?.name);
});

test.each<[string, { status: number; body?: string }, object]>([
  ['a conflict', { status: 409, body: '{"detail":"Busy"}' }, { code: 'CONFLICT' }],
  ['a key that is refused', { status: 401 }, { code: 'UNAUTHENTICATED' }],
  ['a key that may not', { status: 403 }, { code: 'FORBIDDEN' }],
  ['a limit of Bluejay’s', { status: 429 }, { code: 'RATE_LIMITED' }],
  ['a proxy’s page', { status: 404, body: '<html>' }, { code: 'UPSTREAM_ERROR' }],
  ['an unknown path', { status: 404, body: '{"detail":"Not Found"}' }, { code: 'UPSTREAM_ERROR' }],
  ['any other refusal', { status: 405 }, { code: 'UPSTREAM_ERROR' }],
  [
    'FastAPI’s words for a field',
    {
      status: 422,
      body: '{"detail":[{"loc":["body","agent_id"],"msg":"No such agent","type":"value_error","input":"canary"}]}',
    },
    { code: 'BAD_USER_INPUT', fieldErrors: [{ path: ['input', 'agentId'], message: 'No such agent' }] },
  ],
  [
    'FastAPI’s words for the body',
    { status: 422, body: '{"detail":[{"loc":["body"],"msg":"Wrong","type":"value_error"}]}' },
    { code: 'BAD_USER_INPUT', fieldErrors: [{ path: ['input'] }] },
  ],
])('a write that Bluejay refuses was not applied: %s', async (_what, answer, extensions) => {
  const gateway = await startWriter();
  gateway.sandbox.faults.add({ method: 'POST', fault: { kind: 'answer', ...answer } });
  const { errors } = await create(gateway, newPersona);
  expect(errors).toMatchObject([{ extensions: { ...extensions, outcome: 'not_applied' } }]);
  expect(JSON.stringify(errors)).not.toContain('canary');
  expect(writesTo(gateway)).toHaveLength(1);
});

test('a failed write of several costs itself alone, and they run one after the other', async () => {
  const gateway = await startWriter();
  const { data, errors } = await run(
    gateway,
    `mutation {
      a: updateCustomerPersona(input: { id: "${exampleId}", name: "One" }) { customerPersona { name } }
      b: deleteCustomerPersona(input: { id: "${unknownId}" }) { deletedId }
      c: updateCustomerPersona(input: { id: "${exampleId}", goal: "Two" }) { customerPersona { name goal } }
    }`,
  );
  expect(data).toEqual({
    a: { customerPersona: { name: 'One' } },
    b: null,
    c: { customerPersona: { name: 'One', goal: 'Two' } },
  });
  expect(errors).toMatchObject([{ path: ['b'], extensions: { code: 'NOT_FOUND' } }]);
  expect(gateway.sandbox.peakInFlight()).toBe(1);
});

test('a write without a key, or with a malformed one, is refused before Bluejay', async () => {
  const gateway = await startWriter();
  for (const apiKey of ['', 'no key']) {
    const { errors } = await remove(gateway, exampleId, apiKey);
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', outcome: 'not_applied' } }]);
  }
  expect(gateway.sandbox.requests).toEqual([]);
});

test('what a write answers is kept by nobody', async () => {
  const gateway = await startWriter();
  const response = await gateway.post(
    { query: `mutation { deleteCustomerPersona(input: { id: "${exampleId}" }) { deletedId } }` },
    { 'x-api-key': clinic.apiKey },
  );
  expect(response.headers.get('cache-control')).toBe('no-store');
});

test('each write is one line in the log: who, what and with which outcome, and nothing of the text', async () => {
  const gateway = await startWriter();
  const { data } = await create(gateway, newPersona);
  const { id } = data.createCustomerPersona.customerPersona as { id: string };
  await update(gateway, { id: unknownId, name: 'Canary' });
  gateway.sandbox.faults.add({ method: 'DELETE', fault: { kind: 'reset' } });
  await remove(gateway, exampleId, airline.apiKey);
  const lines = gateway.logs.filter(({ msg }) => msg === 'write');
  const common = {
    service: 'bluejay',
    requestId: expect.any(String),
    caller: expect.stringMatching(/^[0-9a-f]{16}$/),
  };
  expect(lines).toMatchObject([
    { ...common, operation: 'createCustomerPersona', id, outcome: 'applied' },
    { ...common, operation: 'updateCustomerPersona', id: unknownId, outcome: 'not_applied' },
    { ...common, operation: 'deleteCustomerPersona', id: exampleId, outcome: 'unknown' },
  ]);
  expect(lines[0]?.['caller']).toBe(lines[1]?.['caller']);
  expect(lines[0]?.['caller']).not.toBe(lines[2]?.['caller']);
  const requestIds = gateway.logs.filter(({ msg }) => msg === 'request').map(({ requestId }) => requestId);
  expect(lines.map(({ requestId }) => requestId)).toEqual(requestIds);
  for (const text of [clinic.apiKey, airline.apiKey, 'Ann', 'Calls early', 'Canary']) {
    expect(gateway.logText()).not.toContain(text);
  }
});

test('without WRITES there is no Mutation, in the SDL neither', async () => {
  const gateway = await startGateway();
  const { errors } = await run(
    gateway,
    'mutation { deleteCustomerPersona(input: { id: "x" }) { deletedId } }',
  );
  expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
  const { data } = await run(gateway, '{ _service { sdl } __schema { mutationType { name } } }');
  expect(data.__schema.mutationType).toBeNull();
  expect(data._service.sdl).not.toMatch(/Mutation|Input|Payload/);
});
