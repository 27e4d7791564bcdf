import { expect, test } from 'vitest';
import { clinic, exampleId, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

interface Answer {
  readonly data: Record<string, unknown>;
  readonly errors?: { path: unknown[]; extensions: Record<string, unknown> }[];
}

async function ask(gateway: TestGateway, query: string): Promise<Answer> {
  return (await (await gateway.post({ query })).json()) as Answer;
}

const [first, second] = clinic.personas;
const all = 'id createdAt name description goal orgId';

/** What Bluejay sends in place of a value, for each field of a persona. */
const unusable: [sent: string, field: string, value: unknown][] = [
  ['created_at', 'createdAt', 'yesterday'],
  ['created_at', 'createdAt', '2021-06-31T00:00:00Z'],
  ['created_at', 'createdAt', 1_624_427_447],
  ['created_at', 'createdAt', {}],
  ['name', 'name', 7],
  ['description', 'description', ['canary']],
  ['goal', 'goal', { text: 'canary' }],
  ['org_id', 'orgId', 'canary'],
  ['org_id', 'orgId', false],
];

test.each(unusable)(
  '%s that is no %s (%j) fails that field of a persona alone',
  async (sent, field, value) => {
    const gateway = await startGateway();
    const body = JSON.stringify({ ...first, [sent]: value });
    gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
    const { data, errors } = await ask(gateway, `{ persona(id: "${exampleId}") { ${all} } }`);
    expect(data['persona']).toMatchObject({ id: exampleId, [field]: null });
    const others = Object.entries(data['persona'] as object).filter(([name]) => name !== field);
    expect(others.map(([, other]) => other as unknown)).not.toContain(null);
    expect(errors).toMatchObject([
      {
        path: ['persona', field],
        extensions: {
          code: 'UPSTREAM_INVALID_RESPONSE',
          retryable: false,
          upstream: { service: 'bluejay', operation: 'getCustomerPersona', status: 200 },
        },
      },
    ]);
    expect(JSON.stringify(errors)).not.toContain('canary');
  },
);

test('a value that nobody asks for is no error', async () => {
  const gateway = await startGateway();
  const body = JSON.stringify({ ...first, created_at: 'yesterday', name: 7 });
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
  expect(await ask(gateway, `{ persona(id: "${exampleId}") { id goal } }`)).toEqual({
    data: { persona: { id: exampleId, goal: first?.goal } },
  });
});

test('an unusable value in a list costs that field of that item', async () => {
  const gateway = await startGateway();
  const body = JSON.stringify([{ ...first, created_at: 'yesterday', name: null }, second]);
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
  const { data, errors } = await ask(gateway, '{ personasByAgent(agentId: 7) { id createdAt name goal } }');
  expect(data['personasByAgent']).toEqual([
    { id: first?.id, createdAt: null, name: null, goal: first?.goal },
    { id: second?.id, createdAt: expect.any(String) as string, name: second?.name, goal: second?.goal },
  ]);
  expect(errors).toMatchObject([{ path: ['personasByAgent', 0, 'createdAt'] }]);
});

test('a compiled operation answers an unusable value as the interpreted one does', async () => {
  const gateway = await startGateway();
  const body = JSON.stringify({ ...first, created_at: 'yesterday' });
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
  const query = `{ persona(id: "${exampleId}") { ${all} } }`;
  const withoutRequestId = ({ data, errors }: Answer) => ({
    data,
    errors: errors?.map(({ path, extensions: { code, upstream } }) => ({ path, code, upstream })),
  });
  const interpreted = withoutRequestId(await ask(gateway, query));
  for (let run = 0; run < 60; run += 1) await ask(gateway, query);
  expect(withoutRequestId(await ask(gateway, query))).toEqual(interpreted);
  expect(interpreted.errors).toHaveLength(1);
});

test('a persona is kept with its unusable value, which is an error from the cache too', async () => {
  const gateway = await startGateway({ cache: { ttlMs: 60_000 } });
  const body = JSON.stringify({ ...first, created_at: 'yesterday' });
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
  const query = `{ persona(id: "${exampleId}") { name createdAt } }`;
  const ends = [await ask(gateway, query), await ask(gateway, query)];
  for (const { data, errors } of ends) {
    expect(data).toEqual({ persona: { name: first?.name, createdAt: null } });
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } }]);
  }
  expect(gateway.sandbox.requests).toHaveLength(1);
});

test('the log says of an unusable value what it was, and nothing of the value', async () => {
  const gateway = await startGateway();
  const body = JSON.stringify({ ...first, created_at: 'canary' });
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
  await ask(gateway, `{ persona(id: "${exampleId}") { createdAt } }`);
  await expect
    .poll(() => gateway.logs)
    .toContainEqual(expect.objectContaining({ failures: { 'invalid_response: unusable_value (200)': 1 } }));
  expect(gateway.logText()).not.toContain('canary');
});
