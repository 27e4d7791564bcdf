import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { clinic, someIds } from '../support/gateway.ts';
import { findFreePort } from '../support/ports.ts';
import { connectTo, isRedisMissing, joinCluster, startClusterNode, startRedis } from '../support/redis.ts';
import { ask, countCallsOfSharedReads, changesOf, startReplica, warmUp } from '../support/replica.ts';

/** Passes bytes on to the port that it is told last, as a balancer in front of a primary does. */
async function startBalancer(firstPort: number) {
  let port = firstPort;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {}).pipe(to);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    switchTo: (nextPort: number) => (port = nextPort),
  };
}

test.skipIf(isRedisMissing)(
  'after a failover the gateway reads on, and writes to the new primary (skipped without redis-server)',
  async () => {
    const [first, second] = [await findFreePort(), await findFreePort()];
    await startRedis(first);
    await startRedis(second);
    const balancer = await startBalancer(first);
    const gateway = await startReplica(balancer.port);
    await warmUp(gateway);
    const [old, next] = [await connectTo(first), await connectTo(second)];
    // The balancer does not break existing connections off, and for a while leads new ones to the old primary.
    await old.replicaOf('127.0.0.1', second);
    await ask(gateway);
    await expect.poll(() => changesOf(gateway)).toEqual(['read_only READONLY']);
    balancer.switchTo(second);
    await expect
      .poll(
        async () => {
          await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
          await ask(gateway, clinic.apiKey, clinic.personas[2]?.id);
          return next.dbSize();
        },
        { timeout: 15_000, interval: 100 },
      )
      .toBeGreaterThan(0);
    await warmUp(gateway);
    expect(changesOf(gateway)).toEqual(['read_only READONLY', 'recovered']);
  },
  20_000,
);

test.skipIf(isRedisMissing).each([
  ['full', ['CONFIG', 'SET', 'maxmemory', '1'], 'OOM', ['CONFIG', 'SET', 'maxmemory', '0']],
  ['a replica', ['REPLICAOF', '127.0.0.1', '1'], 'READONLY', ['REPLICAOF', 'NO', 'ONE']],
  [
    'short of replicas',
    ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
    'NOREPLICAS',
    ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
  ],
  [
    'one that permits no SET',
    ['ACL', 'SETUSER', 'default', '-set'],
    'NOPERM',
    ['ACL', 'SETUSER', 'default', '+set'],
  ],
])(
  'a Redis that is %s is read, and the reason is logged once (skipped without redis-server)',
  async (_what, refuse, reason, permit) => {
    const port = await findFreePort();
    await startRedis(port);
    const gateway = await startReplica(port);
    await warmUp(gateway);
    const redis = await connectTo(port);
    await redis.sendCommand(refuse);
    await redis.configResetStat();
    const refusals = async () => {
      const { errors = '0' } =
        new RegExp(`errorstat_${reason}:count=(?<errors>\\d+)`).exec(await redis.info('errorstats'))
          ?.groups ?? {};
      return Number(errors);
    };
    await expect
      .poll(
        async () => {
          // Redis has the first, so that only the second is to be written.
          expect((await ask(gateway, clinic.apiKey, clinic.personas[1]?.id)).errors).toBeUndefined();
          expect((await ask(gateway)).errors).toBeUndefined();
          return refusals();
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(2);
    expect(await countCallsOfSharedReads(gateway)).toBe(0);
    expect(changesOf(gateway)).toEqual([`read_only ${reason}`]);
    await redis.sendCommand(permit);
    await expect
      .poll(
        async () => {
          await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
          await ask(gateway);
          return changesOf(gateway);
        },
        { timeout: 10_000 },
      )
      .toEqual([`read_only ${reason}`, 'recovered']);
  },
);

test.skipIf(isRedisMissing).each([
  ['permits no GET', ['ACL', 'SETUSER', 'default', '-get'], 'NOPERM'],
  ['is a replica without its primary', ['REPLICAOF', '127.0.0.1', '1'], 'MASTERDOWN'],
])(
  'a Redis that %s is lost, and the reason is logged once (skipped without redis-server)',
  async (_what, refuse, reason) => {
    const port = await findFreePort();
    await startRedis(port, '--replica-serve-stale-data', 'no');
    const gateway = await startReplica(port);
    await warmUp(gateway);
    const redis = await connectTo(port);
    await redis.sendCommand(refuse);
    for (let read = 0; read < 20; read += 1) {
      expect((await ask(gateway, clinic.apiKey, clinic.personas[read % 3]?.id)).errors).toBeUndefined();
    }
    expect(changesOf(gateway)).toEqual([`lost ${reason}`]);
  },
);

test.skipIf(isRedisMissing)(
  'a password that is wrong, or missing, is the reason (skipped without redis-server)',
  async () => {
    const port = await findFreePort();
    await startRedis(port, '--requirepass', 'right');
    for (const [userinfo, reason] of [
      ['', 'NOAUTH'],
      [':canary@', 'WRONGPASS'],
    ] as const) {
      const gateway = await startReplica(port, { url: `redis://${userinfo}127.0.0.1:${port}` });
      await expect
        .poll(async () => {
          await countCallsOfSharedReads(gateway);
          return changesOf(gateway);
        })
        .toEqual([`lost ${reason}`]);
      expect(gateway.logText()).not.toContain('canary');
    }
  },
);

test.skipIf(isRedisMissing)(
  'of a cluster the keys of one node are used, and the others are logged once (skipped without redis-server)',
  { timeout: 30_000 },
  async () => {
    const [first, second] = [await startClusterNode(), await startClusterNode()];
    await joinCluster(first.redis, second);
    const gateway = await startReplica(first.port, { notFoundTtlMs: 60_000 });
    const ids = someIds(20);
    for (let round = 0; round < 5; round += 1) {
      for (const id of ids) expect((await ask(gateway, clinic.apiKey, id)).errors).toBeUndefined();
    }
    expect(changesOf(gateway)).toEqual(['lost MOVED']);
    const keys = await first.redis.keys('*');
    // Each beside the generation of its persona.
    const stored = keys.filter((key) => !key.endsWith(':generation')).length;
    expect(keys).toHaveLength(2 * stored);
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(ids.length);
    expect(gateway.sandbox.requests.length).toBeLessThanOrEqual(ids.length + 4 * (ids.length - stored) + 1);
  },
);
