import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createSharedStore } from '../../src/datasources/upstream/cache/shared-store.ts';
import { airline, clinic, exampleId, personaNotFound } from '../support/gateway.ts';
import { findFreePort } from '../support/ports.ts';
import { isIpv6Missing } from '../support/processes.ts';
import { connectTo, isRedisMissing, startRedis } from '../support/redis.ts';
import { ask, changesOf, startReplica, warmUp } from '../support/replica.ts';

test.skipIf(isRedisMissing)(
  'Redis (skipped without redis-server): replicas share what they keep, and tenants do not',
  async () => {
    const port = await findFreePort();
    await startRedis(port);
    const first = await startReplica(port);
    const second = await startReplica(port, {}, first);
    await warmUp(first);
    await warmUp(second, first.sandbox);
    const answer = await ask(first);
    expect(await ask(second)).toEqual(answer);
    expect(first.sandbox.requests).toHaveLength(1);
    expect(await ask(second, airline.apiKey)).toEqual({ data: { persona: null } });

    const redis = await connectTo(port);
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
    const gateway = await startReplica(port);
    await warmUp(gateway);
    const before = changesOf(gateway).length;
    redis.process.kill('SIGKILL');
    await redis.exited;
    for (let read = 0; read < 50; read += 1) {
      expect((await ask(gateway, clinic.apiKey, clinic.personas[read % 3]?.id)).errors).toBeUndefined();
    }
    const lost = expect.stringMatching(/^lost (closed|ECONNRESET|ECONNREFUSED)$/);
    expect(changesOf(gateway).slice(before)).toEqual([lost]);
    await startRedis(port);
    await warmUp(gateway);
    expect(changesOf(gateway).slice(before)).toEqual([lost, 'recovered']);
  },
);

test.skipIf(isRedisMissing)('garbage in Redis is passed over and replaced', async () => {
  const port = await findFreePort();
  await startRedis(port);
  const gateway = await startReplica(port);
  await warmUp(gateway);
  await ask(gateway);
  const redis = await connectTo(port);
  const [key = ''] = await redis.keys(`*${exampleId}`);
  const stored = (await redis.get(key)) ?? '';
  const other = JSON.parse(stored) as { value: { id: string } };
  other.value.id = clinic.personas[1]?.id ?? '';
  const undated = stored.replace(/"created_at":"[^"]*"/, '"created_at":"yesterday"');
  expect(undated).not.toBe(stored);
  const { validators, ...rest } = JSON.parse(stored) as { validators: object };
  /** An entry that has to be confirmed. */
  const validatedBy = (etag: string) =>
    JSON.stringify({ ...rest, freshMs: 0, staleWhileRevalidateMs: 0, validators: { ...validators, etag } });
  const before = changesOf(gateway).length;
  for (const garbage of [
    JSON.stringify(other),
    undated,
    validatedBy('"a\r\nx-api-key: b"'),
    validatedBy('"\u0100"'),
    validatedBy(`"${'x'.repeat(20_000)}"`),
    validatedBy('*'),
    '',
    '{',
    'null',
    '{"value":{"id":7}}',
    '\u0000\u00ff',
    JSON.stringify({ ...rest, validators, more: 'x'.repeat(2_100_000) }),
  ]) {
    await redis.set(key, garbage);
    // Another persona pushes this one out of the memory, which holds one.
    await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
    const { data } = await ask(gateway);
    expect(data?.persona?.name).toBe(clinic.personas[0]?.name);
    await expect.poll(() => redis.get(key)).toContain(clinic.personas[0]?.name);
    expect(changesOf(gateway).slice(before)).toEqual(['garbage']);
  }
  // Another type under our key is garbage too, and no failure of Redis.
  await redis.del(key);
  await redis.lPush(key, 'garbage');
  await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
  expect((await ask(gateway)).data?.persona?.name).toBe(clinic.personas[0]?.name);
  await expect.poll(() => redis.type(key)).toBe('string');
  expect(changesOf(gateway).slice(before)).not.toContainEqual(expect.stringContaining('lost'));
});

test('a gateway that closes while it connects to Redis leaves no socket behind', async () => {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.resume();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const store = createSharedStore({
    url: `redis://127.0.0.1:${port}`,
    keyPrefix: 'test:',
    scope: 'test',
    timeoutMs: 50,
    onStateChange: () => {},
  });
  store.close();
  await expect.poll(() => accepted).toBe(1);
  await expect.poll(() => sockets.size).toBe(0);
});

test.skipIf(isRedisMissing)('replicas of two upstreams share a Redis, but no persona', async () => {
  const port = await findFreePort();
  await startRedis(port);
  const [staging, production] = [await startReplica(port), await startReplica(port)];
  await warmUp(staging);
  await warmUp(production);
  await ask(staging);
  await ask(production);
  expect(production.sandbox.requests).toHaveLength(1);
  const redis = await connectTo(port);
  const keys = await redis.keys(`*${exampleId}`);
  expect(keys).toHaveLength(2);
  for (const { sandbox } of [staging, production]) {
    expect(keys.join()).not.toContain(new URL(sandbox.url).port);
  }
});

test.skipIf(isRedisMissing)(
  'what others wrote lives no longer than what this replica would have kept',
  async () => {
    const port = await findFreePort();
    await startRedis(port);
    const gateway = await startReplica(port);
    gateway.sandbox.faults.add({
      personaId: exampleId,
      fault: {
        kind: 'answer',
        status: 200,
        headers: { 'cache-control': 'max-age=30, stale-if-error=30' },
        body: JSON.stringify({ id: exampleId, name: 'As it is' }),
      },
    });
    await warmUp(gateway);
    await ask(gateway);
    const redis = await connectTo(port);
    const [key = ''] = await redis.keys(`*${exampleId}`);
    await expect.poll(() => redis.get(key)).not.toBeNull();
    const stored = JSON.parse((await redis.get(key)) ?? '') as { value: object; validators: object };
    const year = 31_536_000_000;
    const longer = { freshMs: year, grantedMs: year, staleWhileRevalidateMs: year, staleIfErrorMs: 2 * year };
    const { value, validators } = stored;
    const entryOf = (more: object) =>
      JSON.stringify({ ...stored, ...longer, value: { ...value, name: 'As it was' }, ...more });
    /** @returns the name, and the `Cache-Control` that clients are given */
    const askFor = async (entry: string, leftMs = 2 * year) => {
      await redis.set(key, entry, { expiration: { type: 'PX', value: leftMs } });
      await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
      const response = await gateway.post(
        { query: `{ persona(id: "${exampleId}") { name } }` },
        { 'x-api-key': clinic.apiKey },
      );
      const { data } = (await response.json()) as { data: { persona: { name: string } | null } };
      return [data.persona?.name, response.headers.get('cache-control')];
    };
    const [, permission] = await askFor(entryOf({}));
    expect(permission).toMatch(/^private, max-age=(30|2\d)$/);
    for (const entry of [
      entryOf({ sentAt: Date.now() - 31_000 }),
      entryOf({ sentAt: Date.now() + 3_600_000 }),
      entryOf({ validators: { ...validators, 'cache-control': 'no-store' } }),
      entryOf({ validators: {}, sentAt: Date.now() - 61_000 }),
    ]) {
      expect((await askFor(entry))[0]).toBe('As it is');
    }
    // Redis' clock counts, too: the writer's may be ahead of this replica's.
    const agedBy = (ms: number) =>
      askFor(
        entryOf({ freshMs: 30_000, staleWhileRevalidateMs: 30_000, staleIfErrorMs: 60_000 }),
        60_000 - ms,
      );
    expect(await agedBy(10_000)).toEqual(['As it was', expect.stringMatching(/^private, max-age=(20|1\d)$/)]);
    expect((await agedBy(31_000))[0]).toBe('As it is');
    // Nor does an error bring it back.
    gateway.sandbox.faults.clear();
    gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'answer', status: 500 } });
    expect((await askFor(entryOf({ sentAt: Date.now() - 31_000 })))[0]).toBe('As it was');
    expect((await askFor(entryOf({ sentAt: Date.now() - 61_000 })))[0]).toBeUndefined();
  },
);

test.skipIf(isRedisMissing)('a persona that is gone is gone from Redis too', async () => {
  const port = await findFreePort();
  await startRedis(port);
  const stale = { ttlMs: 1, staleMs: 60_000 };
  const first = await startReplica(port, stale);
  const second = await startReplica(port, stale, first);
  const redis = await connectTo(port);
  const copies = () => redis.keys(`*${exampleId}`);
  await expect
    .poll(async () => {
      await ask(first);
      return copies();
    })
    .toHaveLength(1);
  first.sandbox.faults.add({ fault: personaNotFound });
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
  const gateway = await startReplica((server.address() as AddressInfo).port, { sharedTimeoutMs: 60_000 });
  // If one of them waited for Redis, it would wait for a minute.
  for (let read = 0; read < 20; read += 1) {
    expect((await ask(gateway, clinic.apiKey, clinic.personas[read % 3]?.id)).errors).toBeUndefined();
  }
  // A connection that is only being made is not lost yet.
  await expect
    .poll(
      async () => {
        await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
        await ask(gateway, clinic.apiKey, clinic.personas[2]?.id);
        return changesOf(gateway);
      },
      { timeout: 5_000 },
    )
    .toEqual(['lost timeout']);
  // What is late may never come: the next try is made on another connection.
  await expect
    .poll(async () => {
      await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
      await ask(gateway, clinic.apiKey, clinic.personas[2]?.id);
      return connections;
    })
    .toBeGreaterThan(1);
  expect(changesOf(gateway)).toEqual(['lost timeout']);
});

test.skipIf(isRedisMissing || isIpv6Missing)(
  'a Redis at an IPv6 address is used (skipped without redis-server, or ::1)',
  async () => {
    const port = await findFreePort();
    await startRedis(port, '--bind', '::1');
    const gateway = await startReplica(port, { url: `redis://[::1]:${port}` });
    await warmUp(gateway);
    expect(changesOf(gateway)).toEqual([]);
  },
);
