import { Trace } from '@apollo/usage-reporting-protobuf';
import { expect, test } from 'vitest';
import { encodeTrace } from '../src/server/graphql/trace-message.ts';
import { configOf } from './support/config.ts';
import { clinic, exampleId, startGateway, unknownId } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';

const wanted = { 'apollo-federation-include-trace': 'ftv1' };

interface Answer {
  readonly data?: Record<string, unknown>;
  readonly errors?: object[];
  readonly extensions?: { readonly ftv1: string };
}

async function ask(gateway: TestGateway, body: object, headers: Record<string, string> = wanted) {
  const response = await gateway.post(body, headers);
  const answer = (await response.json()) as Answer;
  return { answer, trace: Trace.decode(Buffer.from(answer.extensions?.ftv1 ?? '', 'base64')) };
}

/** A node's children by the names in the response or the indices in the list. */
function childOf(
  node: Trace.INode | null | undefined,
  ...path: (string | number)[]
): Trace.INode | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return node ?? undefined;
  const child = node?.child?.find((each) =>
    typeof key === 'number' ? each.index === key : each.responseName === key,
  );
  return childOf(child, ...rest);
}

test('a router that asks for a trace gets one of every field, and the same answer', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: { kind: 'delay', delayMs: 30 } });
  const query = `query ($representations: [_Any!]!) {
    one: persona(id: "${exampleId}") { id title: name }
    _entities(representations: $representations) { ... on CustomerPersona { name } }
  }`;
  const representations = [exampleId, unknownId].map((id) => ({ __typename: 'CustomerPersona', id }));
  const body = { query, variables: { representations } };
  const { answer, trace } = await ask(gateway, body);
  const { answer: untraced } = await ask(gateway, body, {});
  expect(untraced).not.toHaveProperty('extensions');
  expect({ data: answer.data }).toEqual(untraced);

  const one = childOf(trace.root, 'one');
  expect(one).toMatchObject({ type: 'CustomerPersona', parentType: 'Query', originalFieldName: 'persona' });
  // It took as long as the upstream did.
  expect(Number(one?.endTime) - Number(one?.startTime)).toBeGreaterThan(25e6);
  expect(trace.durationNs).toBeGreaterThanOrEqual(Number(one?.endTime));
  expect(childOf(one, 'id')).toMatchObject({ type: 'ID!', parentType: 'CustomerPersona' });
  expect(childOf(one, 'title')).toMatchObject({ type: 'String', originalFieldName: 'name' });
  expect(childOf(trace.root, '_entities', 0, 'name')).toMatchObject({ parentType: 'CustomerPersona' });
  expect(trace.fieldExecutionWeight).toBe(1);
  const startedAt = Number(trace.startTime?.seconds) * 1_000;
  expect(Math.abs(startedAt - Date.now())).toBeLessThan(60_000);
});

test('errors are in the trace where they happened, as the client sees them', async () => {
  const gateway = await startGateway();
  const body = 'canary';
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'answer', status: 500, body } });
  const query = `{ personas(ids: ["${clinic.personas[1]?.id}", "${exampleId}"]) { name } }`;
  const { answer, trace } = await ask(gateway, { query });
  expect(answer.errors).toHaveLength(1);
  const [error] = childOf(trace.root, 'personas')?.error ?? [];
  expect(JSON.parse(error?.json ?? '')).toEqual(answer.errors?.[0]);
  expect(error).toMatchObject({ location: [{ line: 1, column: 3 }] });
  expect(childOf(trace.root, 'personas', 0, 'name')).toBeDefined();
  expect(JSON.stringify(trace)).not.toContain('canary');
});

test.each(['{ nobody }', '{ persönlich }', '{ "😀" }'])(
  'the document %s is refused, and its errors are at the root of the trace',
  async (query) => {
    const gateway = await startGateway();
    const { answer, trace } = await ask(gateway, { query });
    expect(answer.errors).toHaveLength(1);
    const [error, ...others] = trace.root?.error ?? [];
    expect(JSON.parse(error?.json ?? '')).toEqual(answer.errors?.[0]);
    expect(answer.errors?.[0]).toMatchObject({ message: error?.message });
    expect([others, trace.root?.child]).toEqual([[], []]);
  },
);

test('only ftv1 is known, and without the router’s secret there is no trace', async () => {
  const gateway = await startGateway({ routerSecrets: ['the-secret-of-today'] });
  const query = { query: '{ __typename }' };
  const secret = { 'router-authorization': 'the-secret-of-today' };
  expect((await ask(gateway, query, wanted)).answer).not.toHaveProperty('extensions');
  expect((await ask(gateway, query, { ...wanted, ...secret })).answer).toHaveProperty('extensions.ftv1');
  const other = { 'apollo-federation-include-trace': 'ftv2', ...secret };
  expect((await ask(gateway, query, other)).answer).toEqual({ data: { __typename: 'Query' } });
});

function countNodes(node: Trace.INode): number {
  return (node.child ?? []).reduce((total, child) => total + countNodes(child), 1);
}

test('the trace of a large answer has the first 10,000 nodes, and the answer is whole', async () => {
  const gateway = await startGateway();
  const fields = Array.from({ length: 11 }, (_, index) => `f${index}: name`).join(' ');
  const query = `query ($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on CustomerPersona { ${fields} } }
  }`;
  const representations = Array.from({ length: 1_000 }, () => ({
    __typename: 'CustomerPersona',
    id: exampleId,
  }));
  const body = { query, variables: { representations } };
  const { answer, trace } = await ask(gateway, body);
  const { answer: untraced } = await ask(gateway, body, {});
  expect(answer.data).toEqual(untraced.data);
  // The root is none of them, and a field is entered with the item that it is in.
  const count = countNodes(trace.root ?? {});
  expect(count).toBeGreaterThan(10_000);
  expect(count).toBeLessThan(10_004);
});

test.each([0, 127, 128, 2 ** 31, 2 ** 32, 2 ** 40 + 1, Number.MAX_SAFE_INTEGER])(
  'a duration of %d ns is encoded whole',
  (durationNs) => {
    const root = { key: undefined, field: undefined, errors: [], children: [] };
    const encoded = encodeTrace({ startTimeMs: 4_102_444_800_001, endTimeMs: 0, durationNs, root });
    expect(Trace.decode(Buffer.from(encoded, 'base64'))).toMatchObject({
      startTime: { seconds: 4_102_444_800, nanos: 1e6 },
      endTime: { seconds: 0, nanos: 0 },
      durationNs,
    });
  },
);

test('a stranger gets no trace, which would multiply what a request costs', async () => {
  const gateway = await startGateway({ inlineTrace: false });
  const { answer } = await ask(gateway, { query: `{ persona(id: "${exampleId}") { id } }` });
  expect(answer).toEqual({ data: { persona: { id: exampleId } } });
});

test('traces are for development and for routers with a secret, unless INLINE_TRACE says otherwise', () => {
  const secret = 'a-secret-of-the-router';
  expect(configOf({}).inlineTrace).toBe(true);
  expect(configOf({ NODE_ENV: 'production' }).inlineTrace).toBe(false);
  expect(configOf({ NODE_ENV: 'production', ROUTER_SECRET: secret }).inlineTrace).toBe(true);
  expect(configOf({ NODE_ENV: 'production', INLINE_TRACE: 'true' }).inlineTrace).toBe(true);
  expect(configOf({ ROUTER_SECRET: secret, INLINE_TRACE: 'false' }).inlineTrace).toBe(false);
});
