import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createClient } from '@redis/client';
import { expect, onTestFinished, test } from 'vitest';
import { personaQuery } from '../../examples/frontend/operations.ts';
import type { CacheConfig } from '../../src/datasources/bluejay/index.ts';
import { airline, clinic, exampleId, startGateway } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { findFreePort } from '../support/processes.ts';
import { isRedisMissing, startRedis } from '../support/redis.ts';

/** Its Redis has time enough on a busy machine: only tests about a slow one have its own limit. */
const replica = (port: number, cache: Partial<CacheConfig> = {}) =>
  startGateway({
    cache: {
      ttlMs: 60_000,
      maxEntries: 1,
      url: `redis://127.0.0.1:${port}`,
      sharedTimeoutMs: 5_000,
      ...cache,
    },
    auth: { mode: 'forward' },
  });

const ask = (gateway: TestGateway, apiKey = clinic.apiKey, id = exampleId) =>
  gateway.query(personaQuery, { id }, { 'x-api-key': apiKey });

const states = (gateway: TestGateway) =>
  gateway.logs.filter(({ msg }) => msg === 'shared cache').map(({ state }) => state);

/** Reads until the shared cache takes part: it connects in the background. */
async function warmUp(gateway: TestGateway) {
  await expect
    .poll(
      async () => {
        await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
        await ask(gateway, clinic.apiKey, clinic.personas[2]?.id);
        const calls = gateway.sandbox.requests.length;
        await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
        return gateway.sandbox.requests.length - calls;
      },
      { timeout: 10_000, interval: 100 },
    )
    .toBe(0);
  gateway.sandbox.requests.length = 0;
}

test.skipIf(isRedisMissing)(
  'Redis (skipped without redis-server): replicas share what they keep, and tenants do not',
  async () => {
    const port = await findFreePort();
    await startRedis(port);
    const [first, second] = [await replica(port), await replica(port)];
    await warmUp(first);
    await warmUp(second);
    const answer = await ask(first);
    expect(first.sandbox.requests).toHaveLength(1);
    expect(await ask(second)).toEqual(answer);
    expect(second.sandbox.requests).toHaveLength(0);
    expect(await ask(second, airline.apiKey)).toEqual({ data: { persona: null } });

    const redis = createClient({ url: `redis://127.0.0.1:${port}` });
    await redis.connect();
    onTestFinished(() => redis.destroy());
    const keys = await redis.keys('*');
    const values = await redis.mGet(keys);
    expect(keys.some((key) => key.endsWith(exampleId))).toBe(true);
    for (const apiKey of [clinic.apiKey, airline.apiKey]) {
      expect(keys.join() + values.join()).not.toContain(apiKey);
    }
    expect(await redis.pTTL(keys[0] ?? '')).toBeGreaterThan(0);
  },
);

test.skipIf(isRedisMissing)(
  'Redis going away and coming back is logged once each, and no request fails',
  async () => {
    const port = await findFreePort();
    const redis = await startRedis(port);
    const gateway = await replica(port);
    await warmUp(gateway);
    const before = states(gateway).length;
    redis.process.kill('SIGKILL');
    await redis.exited;
    for (let read = 0; read < 50; read += 1) {
      expect((await ask(gateway, clinic.apiKey, clinic.personas[read % 3]?.id)).errors).toBeUndefined();
    }
    expect(states(gateway).slice(before)).toEqual(['lost']);
    await startRedis(port);
    await warmUp(gateway);
    expect(states(gateway).slice(before)).toEqual(['lost', 'recovered']);
  },
);

test.skipIf(isRedisMissing)('garbage in Redis is passed over and replaced', async () => {
  const port = await findFreePort();
  await startRedis(port);
  const gateway = await replica(port);
  await warmUp(gateway);
  await ask(gateway);
  const redis = createClient({ url: `redis://127.0.0.1:${port}` });
  await redis.connect();
  onTestFinished(() => redis.destroy());
  const [key = ''] = await redis.keys(`*${exampleId}`);
  const stored = (await redis.get(key)) ?? '';
  const other = JSON.parse(stored) as { persona: { id: string } };
  other.persona.id = clinic.personas[1]?.id ?? '';
  const undated = stored.replace(/"created_at":"[^"]*"/, '"created_at":"yesterday"');
  expect(undated).not.toBe(stored);
  const { validators, ...rest } = JSON.parse(stored) as { validators: object };
  /** An entry that has to be confirmed. */
  const validatedBy = (etag: string) =>
    JSON.stringify({
      ...rest,
      freshUntil: 0,
      staleWhileRevalidateUntil: 0,
      validators: { ...validators, etag },
    });
  const before = states(gateway).length;
  for (const garbage of [
    JSON.stringify(other),
    undated,
    validatedBy('"a\r\nx-api-key: b"'),
    validatedBy('"\u0100"'),
    validatedBy('x'.repeat(20_000)),
    '',
    '{',
    'null',
    '{"persona":{"id":7}}',
    '\u0000\u00ff',
  ]) {
    await redis.set(key, garbage);
    // Another persona pushes this one out of the memory, which holds one.
    await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
    const { data } = await ask(gateway);
    expect(data?.persona?.name).toBe(clinic.personas[0]?.name);
    await expect.poll(() => redis.get(key)).toContain(clinic.personas[0]?.name);
    expect(states(gateway)[before]).toBe('garbage');
  }
  // Another type under our key is garbage too, and no failure of Redis.
  await redis.del(key);
  await redis.lPush(key, 'garbage');
  await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
  expect((await ask(gateway)).data?.persona?.name).toBe(clinic.personas[0]?.name);
  await expect.poll(() => redis.type(key)).toBe('string');
  expect(states(gateway).slice(before)).not.toContain('lost');
});

test.skipIf(isRedisMissing)('a persona that is gone is gone from Redis too', async () => {
  const port = await findFreePort();
  await startRedis(port);
  const stale = { ttlMs: 1, staleMs: 60_000 };
  const [first, second] = [await replica(port, stale), await replica(port, stale)];
  const redis = createClient({ url: `redis://127.0.0.1:${port}` });
  await redis.connect();
  onTestFinished(() => redis.destroy());
  const copies = () => redis.keys(`*${exampleId}`);
  await expect
    .poll(async () => {
      await ask(first);
      return copies();
    })
    .toHaveLength(1);
  const body = '{"detail":"Customer persona not found"}';
  second.sandbox.faults.add({ fault: { kind: 'answer', status: 404, body } });
  await expect
    .poll(async () => {
      expect(await ask(second)).toEqual({ data: { persona: null } });
      return copies();
    })
    .toHaveLength(0);
});

test('a Redis that accepts and says nothing holds up no request for long, and is logged once', async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await new Promise((resolve) => {
    server.once('listening', resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  let connections = 0;
  server.on('connection', () => (connections += 1));
  const gateway = await replica((server.address() as AddressInfo).port, { sharedTimeoutMs: 50 });
  const startedAt = performance.now();
  for (let read = 0; read < 20; read += 1) {
    expect((await ask(gateway, clinic.apiKey, clinic.personas[read % 3]?.id)).errors).toBeUndefined();
  }
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(states(gateway)).toEqual(['lost']);
  // What is late may never come: the next try is made on another connection.
  await expect
    .poll(async () => {
      await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
      await ask(gateway, clinic.apiKey, clinic.personas[2]?.id);
      return connections;
    })
    .toBeGreaterThan(1);
});
