import { parse } from 'graphql';
import type { OperationDefinitionNode } from 'graphql';
import { expect, test } from 'vitest';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { createRateLimiter } from '../../src/server/admission/rate-limiter.ts';
import { findAskedReads } from '../../src/server/graphql/asked-reads.ts';
import { createSchema } from '../../src/schema/index.ts';
import { exampleId, someIds, startGateway } from '../support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from '../support/gateway.ts';
import { startLeavingClient } from '../support/leaving-client.ts';
import { findFreePort } from '../support/ports.ts';
import { openConnection } from '../support/raw-socket.ts';
import { connectTo, isRedisMissing, startRedis } from '../support/redis.ts';

const limitedTo = (points: number, options: TestGatewayOptions = {}, windowSeconds = 3_600) =>
  startGateway({ ...options, protection: { rateLimit: { points, windowSeconds } } });

const typename = { query: '{ __typename }' };
const personasOf = (count: number, series = 0) => ({
  query: 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }',
  variables: { ids: someIds(count, series) },
});

async function left({ post }: TestGateway, body: object = typename): Promise<number> {
  const { headers } = await post(body);
  return Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
}

test('of requests at the same time one may overdraw, and the others are refused before they cost anything', async () => {
  const gateway = await limitedTo(10);
  gateway.sandbox.faults.add({ fault: { kind: 'delay', delayMs: 300 } });
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, series) => gateway.post(personasOf(12, series))),
  );
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toEqual([200, ...Array.from({ length: 7 }, () => 429)]);
  expect(gateway.sandbox.requests).toHaveLength(12);
  for (const answer of answers) {
    expect(answer.headers.get('ratelimit')).toMatch(/^"default";r=0;t=3(600|59\d)$/);
    if (answer.status === 200) continue;
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3_500);
    expect(await answer.json()).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED', retryable: true } }],
    });
  }
});

test('requests that withhold their bodies gain nothing by it', async () => {
  const outcomes: string[] = [];
  const gateway = await limitedTo(60, {
    events: { onOperation: ({ outcome }) => void outcomes.push(outcome) },
  });
  const senders = Array.from({ length: 10 }, (_, series) => {
    const { socket, closed } = openConnection(gateway.url);
    const body = JSON.stringify(personasOf(100, series));
    const headers = `host: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close`;
    socket.write(`POST /graphql HTTP/1.1\r\n${headers}\r\n\r\n`);
    return async () => {
      socket.write(body);
      return (await closed).slice(0, 'HTTP/1.1 200'.length);
    };
  });
  // Each has paid its first point before any of them is executed.
  await expect.poll(async () => left(gateway)).toBeLessThanOrEqual(50);
  outcomes.length = 0;
  const statuses = [];
  for (const send of senders) statuses.push(await send());
  const refused = Array.from({ length: 9 });
  expect(statuses).toEqual(['HTTP/1.1 200', ...refused.map(() => 'HTTP/1.1 429')]);
  expect(gateway.sandbox.requests).toHaveLength(100);
  // Who asks too much is to blame for it.
  expect(outcomes).toEqual(['ok', ...refused.map(() => 'client_error')]);
});

test('what was reserved and not needed is given back', async () => {
  const gateway = await limitedTo(100, { cache: { notFoundTtlMs: 60_000 } });
  expect(await left(gateway, personasOf(20))).toBe(80);
  // All of them are kept by now.
  expect(await left(gateway, personasOf(20))).toBe(79);
  expect(await left(gateway)).toBe(78);
  expect(gateway.sandbox.requests).toHaveLength(20);
});

test('a request that asks for more than there is in a whole window is answered once a window', async () => {
  const gateway = await limitedTo(5, { cache: { notFoundTtlMs: 60_000 } });
  expect((await gateway.post(personasOf(20))).status).toBe(200);
  expect((await gateway.post(personasOf(20))).status).toBe(429);
});

test('what is given back goes to the window that it was taken from, and to no other', async () => {
  // It may take as long until what is given back arrives.
  const gateway = await limitedTo(100, { cache: { sharedTimeoutMs: 50 } }, 1);
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  // 32 of them are read at a time: 8 are never asked for.
  const client = startLeavingClient(gateway.url, personasOf(40));
  await expect.poll(() => gateway.sandbox.requests.length).toBe(32);
  await expect.poll(() => left(gateway)).toBe(99);
  await client.leave();
  await expect.poll(() => gateway.logs).toContainEqual(expect.objectContaining({ aborted: true }));
  for (let sent = 0; sent < 20; sent += 1) expect(await left(gateway)).toBeLessThan(100);
});

test('what may arrive after its window is not given back', async () => {
  const limiterOf = (timeoutMs: number) =>
    createRateLimiter({ points: 10, windowSeconds: 60, url: undefined, timeoutMs, onStateChange() {} });
  const takenAfter = async (timeoutMs: number) => {
    const limiter = await limiterOf(timeoutMs);
    await limiter.giveBack('key', 5, await limiter.charge('key', 5));
    const { taken } = await limiter.charge('key', 1);
    limiter.close();
    return taken;
  };
  expect([await takenAfter(50_000), await takenAfter(70_000)]).toEqual([1, 6]);
});

test('retries cost what they cost, afterwards', async () => {
  const gateway = await limitedTo(10);
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 503 }, times: 2 });
  await gateway.query(personaQuery, { id: exampleId });
  expect(gateway.sandbox.requests).toHaveLength(3);
  expect(await left(gateway)).toBe(6);
});

test.skipIf(isRedisMissing)(
  'replicas see what the others have under way (skipped without redis-server)',
  { timeout: 30_000 },
  async () => {
    const port = await findFreePort();
    await startRedis(port);
    const cache = { url: `redis://127.0.0.1:${port}`, notFoundTtlMs: 60_000 };
    const [one, other] = [await limitedTo(1_000, { cache }), await limitedTo(1_000, { cache })];
    await expect
      .poll(async () => {
        const [before, after] = [await left(one), await left(other)];
        return after === before - 1;
      })
      .toBe(true);
    one.sandbox.faults.add({ fault: { kind: 'hang' } });
    const client = startLeavingClient(one.url, {
      query: 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
      variables: { r: someIds(1_000).map((id) => ({ __typename: 'CustomerPersona', id })) },
    });
    await expect.poll(() => one.sandbox.requests.length).toBe(32);
    expect((await other.post(personasOf(2))).status).toBe(429);
    await client.leave();
    // 968 of them were not read, and are there again, for everybody.
    await expect.poll(() => left(other)).toBeGreaterThan(900);
    expect(await left(other, personasOf(20))).toBeLessThan(968);
  },
);

test.each([
  ['{ __typename _service { sdl } }', {}, 0],
  ['{ persona(id: "x") { id } again: persona(id: "x") { id } personasByAgent(agentId: 1) { id } }', {}, 3],
  ['{ personas(ids: ["x", "y"]) { id } }', {}, 2],
  [
    'query ($ids: [UUID!]!) { personas(ids: $ids) { id } b: personas(ids: $ids) { id } }',
    { ids: ['x', 'y'] },
    4,
  ],
  ['query ($ids: [UUID!]! = ["x", "y", "z"]) { personas(ids: $ids) { id } }', {}, 3],
  ['query ($ids: [UUID!]!) { personas(ids: $ids) { id } }', { ids: 'x' }, 1],
  [
    'query ($r: [_Any!]!) { ...F ... on Query { persona(id: "x") { id } } } fragment F on Query { _entities(representations: $r) { __typename } }',
    { r: [{}, {}] },
    3,
  ],
])('%s with %j can cause %i reads', (query, variables, reads) => {
  const document = parse(query);
  const operation = document.definitions[0] as OperationDefinitionNode;
  expect(findAskedReads(createSchema(), document, operation).countReads(variables)).toBe(reads);
});

test.skipIf(isRedisMissing)(
  'nothing is given back to counters that Redis has lost meanwhile (skipped without redis-server)',
  { timeout: 30_000 },
  async () => {
    const port = await findFreePort();
    await startRedis(port);
    const redis = await connectTo(port);
    const gateway = await limitedTo(1_000, { cache: { url: `redis://127.0.0.1:${port}` } });
    // Its counters are in use.
    await expect.poll(async () => (await left(gateway), redis.dbSize())).toBe(1);
    gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
    const client = startLeavingClient(gateway.url, personasOf(100));
    await expect.poll(() => gateway.sandbox.requests.length).toBe(32);
    await redis.flushAll();
    await client.leave();
    await expect.poll(() => gateway.logs).toContainEqual(expect.objectContaining({ aborted: true }));
    // By then what was not read would have been given back.
    for (let sent = 0; sent < 20; sent += 1) await left(gateway);
    expect(await left(gateway)).toBeLessThan(1_000);
  },
);
