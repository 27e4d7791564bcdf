import { expect, onTestFinished, test } from 'vitest';
import { personaQuery } from '../examples/frontend/operations.ts';
import { errorDialect } from '../src/datasources/bluejay/service.ts';
import { createSandbox } from '../src/sandbox/index.ts';
import type { TransportRequest, TransportResponse } from '../src/datasources/upstream/transport/messages.ts';
import { createTransport } from '../src/datasources/upstream/transport/transport.ts';
import { promiseOf } from '../src/shared/continuation.ts';
import { isFastApiMissing, startFastApi } from './support/fastapi.ts';
import { clinic, startGateway } from './support/gateway.ts';
import { create, newPersona, readName, remove, startWriter, update } from './support/writes.ts';

test.skipIf(isFastApiMissing)(
  'FastAPI (skipped without Debian’s python3-fastapi and python3-uvicorn): every answer is understood',
  async () => {
    const gateway = await startGateway({ baseUrl: await startFastApi(), auth: { mode: 'forward' } });
    const ask = (id: string, apiKey: string) => gateway.query(personaQuery, { id }, { 'x-api-key': apiKey });
    const tenants = { one: 'fastapi-tenant-one', two: 'fastapi-tenant-two' };

    for (const [id, apiKey, expected] of [
      ['1a000000-0000-4000-8000-000000000001', tenants.one, { createdAt: '2023-11-07T05:31:56Z' }],
      [
        '1A000000-0000-4000-8000-000000000002',
        tenants.one,
        {
          createdAt: '2023-11-07T05:31:56.123456Z',
          name: 'Zoë Nguyễn 王小明 👩‍🚀',
          description: 'Ελληνικά, עברית, العربية, ไทย\nsecond line\ttab "quoted" \\ e\u0301 \u2028 end',
        },
      ],
      ['1a000000-0000-4000-8000-000000000003', tenants.one, { createdAt: null, name: null, orgId: null }],
      ['2b000000-0000-4000-8000-000000000001', tenants.two, { createdAt: '2023-11-07T05:31:56Z' }],
      ['2b000000-0000-4000-8000-000000000002', tenants.two, { createdAt: '2023-11-07T05:31:56.123456Z' }],
      ['2b000000-0000-4000-8000-000000000003', tenants.two, { createdAt: null, description: '' }],
    ] as const) {
      const { data, errors } = await ask(id, apiKey);
      expect(errors).toBeUndefined();
      expect(data?.persona).toMatchObject({ id: id.toLowerCase(), ...expected });
    }

    const mine = '1a000000-0000-4000-8000-000000000001';
    expect(await ask(mine, tenants.two)).toEqual({ data: { persona: null } });

    for (const [id, apiKey, expected] of [
      [mine, 'no-such-tenant', { code: 'UNAUTHENTICATED', upstream: { status: 401 } }],
      [mine, 'fastapi-forbidden', { code: 'FORBIDDEN', upstream: { status: 403 } }],
      [mine, 'fastapi-limited', { code: 'RATE_LIMITED', retryAfterMs: 7000, upstream: { status: 429 } }],
      ['ee000000-0000-4000-8000-000000000503', tenants.one, { code: 'UPSTREAM_UNAVAILABLE' }],
      [
        'ee000000-0000-4000-8000-000000000409',
        tenants.one,
        { code: 'UPSTREAM_ERROR', upstream: { status: 409 } },
      ],
      ['ee000000-0000-4000-8000-000000000422', tenants.one, { code: 'BAD_USER_INPUT', fieldErrors: [] }],
      ['ee000000-0000-4000-8000-000000000200', tenants.one, { code: 'UPSTREAM_INVALID_RESPONSE' }],
      ['ee000000-0000-4000-8000-000000000201', tenants.one, { code: 'UPSTREAM_INVALID_RESPONSE' }],
      [
        'ee000000-0000-4000-8000-000000000500',
        tenants.one,
        { code: 'UPSTREAM_ERROR', upstream: { status: 500 } },
      ],
    ] as const) {
      const { data, errors } = await ask(id, apiKey);
      expect(data).toEqual({ persona: null });
      expect(errors).toMatchObject([{ extensions: expected }]);
    }
  },
);

test.skipIf(isFastApiMissing)('FastAPI’s list of an agent’s personas is understood', async () => {
  const gateway = await startGateway({ baseUrl: await startFastApi(), auth: { mode: 'forward' } });
  const query = '{ personasByAgent(agentId: 7) { createdAt } none: personasByAgent(agentId: 8) { id } }';
  const response = await gateway.post({ query }, { 'x-api-key': 'fastapi-tenant-two' });
  expect(await response.json()).toEqual({
    data: {
      personasByAgent: [
        { createdAt: '2023-11-07T05:31:56Z' },
        { createdAt: '2023-11-07T05:31:56.123456Z' },
        { createdAt: null },
      ],
      none: [],
    },
  });
});

test.skipIf(isFastApiMissing)('FastAPI’s own 422 about the path names the argument', async () => {
  const transport = createTransport({
    baseUrl: await startFastApi(),
    userAgent: 'test',
    credentialHeader: 'x-api-key',
    refusalStatuses: errorDialect.statuses,
    timeoutMs: 5_000,
  });
  const request: TransportRequest = {
    name: { service: 'bluejay', operation: 'getCustomerPersona' },
    method: 'GET',
    path: '/v1/customer-persona/not-a-uuid',
    apiKey: 'fastapi-tenant-one',
    maxResponseBytes: 10_000,
  };
  const response = await promiseOf<TransportResponse>((continuation) =>
    transport.send(request, continuation),
  );
  await transport.close();
  expect(response.status).toBe(422);
  const context = { argumentNames: { persona_id: 'id' }, secret: 'fastapi-tenant-one' };
  expect(errorDialect.readRefusal(response, context)).toEqual({
    kind: 'invalid_input',
    fieldErrors: [{ path: ['id'], message: 'value is not a valid uuid', type: 'type_error.uuid' }],
  });
});

test.skipIf(isFastApiMissing)(
  'FastAPI’s own 422 about the path and a missing header is about the header',
  async () => {
    const response = await fetch(`${await startFastApi()}/v1/customer-persona/not-a-uuid`);
    const answer = { status: response.status, headers: {}, body: await response.text() };
    expect(errorDialect.readRefusal(answer, { argumentNames: {}, secret: 'none' })).toEqual({
      kind: 'unauthenticated',
      reason: 'refused_key',
    });
  },
);

test.skipIf(isFastApiMissing)('FastAPI takes what is written, and its refusals are understood', async () => {
  const gateway = await startWriter({ baseUrl: await startFastApi() });
  const apiKey = 'fastapi-tenant-one';
  const created = await create(gateway, { ...newPersona, agentId: 7 }, apiKey);
  const { id } = created.data.createCustomerPersona.customerPersona as { id: string };
  expect(await update(gateway, { id, goal: null }, apiKey)).toMatchObject({
    data: { updateCustomerPersona: { customerPersona: { ...newPersona, goal: null } } },
  });
  const conflict = { id: 'ee000000-0000-4000-8000-000000000409', name: 'x' };
  expect((await update(gateway, conflict, apiKey)).errors).toMatchObject([
    { extensions: { code: 'CONFLICT', outcome: 'not_applied', upstream: { status: 409 } } },
  ]);
  expect((await remove(gateway, id, 'fastapi-tenant-two')).errors).toMatchObject([
    { extensions: { code: 'NOT_FOUND' } },
  ]);
  expect(await remove(gateway, id, apiKey)).toMatchObject({
    data: { deleteCustomerPersona: { deletedId: id } },
  });
  expect(await readName(gateway, id, apiKey)).toBeNull();
});

test.skipIf(isFastApiMissing)('the sandbox refuses a body in FastAPI’s own words', async () => {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  const fastApi = await startFastApi();
  const locationsOf = async (url: string, apiKey: string, body: string) => {
    const response = await fetch(`${url}/v1/create-customer-persona`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
      body,
    });
    const { detail } = (await response.json()) as { detail: { loc: unknown }[] };
    return [response.status, detail.map(({ loc }) => loc)];
  };
  for (const body of ['{}', '{"name":"x","description":"y"}', '{"name":[],"description":"x","goal":{}}']) {
    expect(await locationsOf(sandbox.url, clinic.apiKey, body)).toEqual(
      await locationsOf(fastApi, 'fastapi-tenant-one', body),
    );
  }
});
