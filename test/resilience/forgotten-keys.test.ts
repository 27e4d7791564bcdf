import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { clinic, exampleId, personaNotFound, someIds } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { findFreePort } from '../support/ports.ts';
import { connectTo, isRedisMissing, startRedis } from '../support/redis.ts';
import { ask, countCallsOfSharedReads, changesOf, startReplica, warmUp } from '../support/replica.ts';
import { startTcpUpstream } from '../support/upstreams.ts';

const [example, second] = clinic.personas;
const nobody = { data: { persona: null } };

/** What makes a persona old at once: each read asks Redis and Bluejay, and is answered with the last answer. */
const stale = { ttlMs: 60_000, staleMs: 60_000, maxEntries: 100 };
const isOld = {
  kind: 'answer',
  status: 200,
  headers: { 'content-type': 'application/json', 'cache-control': 'max-age=0' },
  body: JSON.stringify(example),
} as const;

type Redis = Awaited<ReturnType<typeof connectTo>>;
const copies = (redis: Redis) => redis.keys(`*${exampleId}`);
const permit = (redis: Redis, ...rules: string[]) => redis.aclSetUser('default', rules);
const callsOf = async (redis: Redis, command: string) =>
  Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await redis.info('commandstats'))?.[1] ?? 0);

/** Reads until the persona is gone. */
async function forget(gateway: TestGateway, personaId = exampleId, { faults } = gateway.sandbox) {
  faults.add({ personaId, fault: personaNotFound });
  await expect.poll(() => ask(gateway, clinic.apiKey, personaId), { timeout: 10_000 }).toEqual(nobody);
}

async function startRedisWithClient() {
  const port = await findFreePort();
  await startRedis(port);
  return { port, redis: await connectTo(port) };
}

/** A replica whose copy of the example is in Redis alone, where it can neither be read nor deleted. */
async function startWithUnreadableCopy() {
  const { port, redis } = await startRedisWithClient();
  const gateway = await startReplica(port);
  await warmUp(gateway);
  await ask(gateway);
  await expect.poll(() => copies(redis)).toHaveLength(1);
  await permit(redis, '-get', '-del');
  // The memory holds one persona: this one replaces the example.
  await ask(gateway, clinic.apiKey, second?.id);
  return { gateway, redis };
}

/** Permits reads and waits until the replica reads from Redis again. */
async function permitReads(redis: Redis, gateway: TestGateway) {
  await permit(redis, '+get');
  await expect.poll(() => countCallsOfSharedReads(gateway), { timeout: 10_000 }).toBe(0);
}

/** Permits deletes and waits until the example is deleted. */
async function permitDeletes(redis: Redis) {
  await permit(redis, '+del');
  await expect.poll(() => copies(redis), { timeout: 10_000 }).toHaveLength(0);
}

test.skipIf(isRedisMissing)(
  'what Redis does not delete is not used again, and is deleted later (skipped without redis-server)',
  async () => {
    const { port, redis } = await startRedisWithClient();
    const other = await startReplica(port);
    await warmUp(other);
    const gateway = await startReplica(port, stale, other);
    const { faults } = other.sandbox;
    // The gateway has an old answer in memory, and Redis a fresh one of another replica.
    faults.add({ personaId: exampleId, fault: isOld });
    await ask(gateway);
    faults.clear();
    await redis.flushAll();
    await ask(other);
    await expect.poll(() => copies(redis)).toHaveLength(1);
    await permit(redis, '-get', '-del');
    await forget(gateway, exampleId, other.sandbox);
    await permit(redis, '+get');
    await expect
      .poll(
        async () => {
          // Nothing is known of it, so that Redis is asked.
          await ask(gateway, clinic.apiKey, randomUUID());
          expect(await ask(gateway)).toEqual(nobody);
          return changesOf(gateway).at(-1);
        },
        { timeout: 10_000 },
      )
      .toBe('read_only NOPERM');
    expect(await ask(gateway)).toEqual(nobody);
    expect(await copies(redis)).toHaveLength(1);
    await permitDeletes(redis);
    await expect.poll(() => changesOf(gateway).at(-1)).toBe('recovered');
  },
  30_000,
);

test.skipIf(isRedisMissing)(
  'what is gone while Redis cannot be read does not come back with it (skipped without redis-server)',
  async () => {
    const { gateway, redis } = await startWithUnreadableCopy();
    await forget(gateway);
    await permitReads(redis, gateway);
    expect(await ask(gateway)).toEqual(nobody);
    expect(await copies(redis)).toHaveLength(1);
    await permitDeletes(redis);
  },
  30_000,
);

test.skipIf(isRedisMissing)(
  'what is stored after an undelivered delete is used (skipped without redis-server)',
  async () => {
    const { port, redis } = await startRedisWithClient();
    const gateway = await startReplica(port);
    await warmUp(gateway);
    await permit(redis, '-get', '-del');
    await ask(gateway);
    await forget(gateway, second?.id);
    await expect.poll(() => changesOf(gateway).at(-1)).toBe('lost NOPERM');
    await permit(redis, '+get');
    gateway.sandbox.faults.clear();
    await expect.poll(() => countCallsOfSharedReads(gateway), { timeout: 10_000 }).toBe(0);
  },
  20_000,
);

test.skipIf(isRedisMissing)(
  'a write that Redis executes late does not bring back what was deleted meanwhile (skipped without redis-server)',
  async () => {
    const { port, redis } = await startRedisWithClient();
    const upstreams = new Map<Socket, Socket>();
    onTestFinished(() => {
      for (const upstream of upstreams.values()) upstream.destroy();
    });
    const heldSets: (() => void)[] = [];
    let isHolding = false;
    /** Passes on what it holds even after the gateway has given the connection up, as a network may. */
    const network = await startTcpUpstream((socket, request) => {
      const upstream = upstreams.get(socket) ?? connect(port, '127.0.0.1');
      if (!upstreams.has(socket)) upstream.on('data', (reply) => socket.writable && socket.write(reply));
      upstreams.set(socket, upstream);
      const pass = () => upstream.write(request, 'latin1');
      if (isHolding && request.includes('SET\r\n')) heldSets.push(pass);
      else pass();
    });
    const gateway = await startReplica(Number(new URL(network).port), { ...stale, sharedTimeoutMs: 300 });
    gateway.sandbox.faults.add({ personaId: exampleId, fault: isOld });
    await expect.poll(async () => (await ask(gateway)) && copies(redis)).toHaveLength(1);
    isHolding = true;
    await expect.poll(async () => (await ask(gateway)) && heldSets.length, { timeout: 5_000 }).toBe(1);
    await expect.poll(() => changesOf(gateway).at(-1)).toBe('lost timeout');
    isHolding = false;
    await forget(gateway);
    await expect.poll(() => copies(redis), { timeout: 5_000 }).toHaveLength(0);
    const before = await callsOf(redis, 'set');
    for (const pass of heldSets) pass();
    await expect.poll(() => callsOf(redis, 'set')).toBe(before + 1);
    await expect.poll(() => copies(redis), { timeout: 10_000 }).toHaveLength(0);
    expect(await ask(gateway)).toEqual(nobody);
  },
  30_000,
);

test.skipIf(isRedisMissing)(
  'what a newer answer replaces is gone from Redis, though that one is not stored (skipped without redis-server)',
  async () => {
    const { port, redis } = await startRedisWithClient();
    const gateway = await startReplica(port);
    const other = await startReplica(port, {}, gateway);
    await warmUp(gateway);
    await warmUp(other, gateway.sandbox);
    const { faults } = gateway.sandbox;
    const answer = (headers: Record<string, string>) =>
      faults.add({ personaId: exampleId, fault: { ...isOld, headers } });
    answer({ 'cache-control': 'max-age=0, stale-if-error=3600' });
    await expect.poll(async () => (await ask(gateway)) && copies(redis)).toHaveLength(1);
    answer({ 'cache-control': 'no-cache', etag: '"new"' });
    await ask(gateway);
    await expect.poll(() => copies(redis)).toHaveLength(0);
    faults.add({ personaId: exampleId, fault: { kind: 'answer', status: 500 } });
    expect((await ask(other)).errors).toHaveLength(1);
  },
  20_000,
);

test.skipIf(isRedisMissing)(
  'an API key that is refused while Redis cannot be read does not read from it later (skipped without redis-server)',
  async () => {
    const { gateway, redis } = await startWithUnreadableCopy();
    gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'answer', status: 403 } });
    expect((await ask(gateway)).errors).toHaveLength(1);
    await permitReads(redis, gateway);
    expect((await ask(gateway)).errors).toHaveLength(1);
    await permitDeletes(redis);
  },
  30_000,
);

test.skipIf(isRedisMissing)(
  'ids that nobody has, asked for while Redis is away, cost the shared cache nothing (skipped without redis-server)',
  async () => {
    const port = await findFreePort();
    const redis = await startRedis(port);
    const gateway = await startReplica(port, { maxForgottenKeys: 100 });
    await warmUp(gateway);
    redis.process.kill('SIGKILL');
    await redis.exited;
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    const body = '{"detail":"Customer persona not found"}';
    gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 404, headers, body } });
    for (const series of [0, 1]) {
      const variables = { ids: someIds(100, series) };
      const query = 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }';
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await gateway.post({ query, variables }, { 'x-api-key': clinic.apiKey });
    }
    gateway.sandbox.faults.clear();
    await startRedis(port);
    gateway.sandbox.requests.length = 0;
    await expect.poll(() => countCallsOfSharedReads(gateway), { timeout: 10_000 }).toBe(0);
  },
  60_000,
);
