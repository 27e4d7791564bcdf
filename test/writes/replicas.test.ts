import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { clinic, exampleId } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startHeldBluejay } from '../support/held-bluejay.ts';
import { findFreePort } from '../support/ports.ts';
import { connectTo, isRedisMissing, startRedis } from '../support/redis.ts';
import { create, newPersona, readName, remove, startWriter, update } from '../support/writes.ts';

interface Replicas {
  readonly bluejay: Awaited<ReturnType<typeof startHeldBluejay>>;
  readonly replicas: readonly [TestGateway, TestGateway];
  readonly port: number;
  readonly redis: Awaited<ReturnType<typeof connectTo>>;
}

/** Two replicas of a Redis, the first of them by way of another port perhaps, that hear of each other's writes. */
async function startReplicas({
  firstPort,
}: { firstPort?: (port: number) => Promise<number> } = {}): Promise<Replicas> {
  const port = await findFreePort();
  await startRedis(port);
  const bluejay = await startHeldBluejay();
  const redis = await connectTo(port);
  const start = (redisPort: number) =>
    startWriter({
      baseUrl: bluejay.url,
      cache: { url: `redis://127.0.0.1:${redisPort}` },
    });
  const replicas = [await start((await firstPort?.(port)) ?? port), await start(port)] as const;
  const channels = async () => Object.values(await redis.pubSubNumSub(await redis.pubSubChannels()));
  await expect.poll(channels).toEqual([2]);
  return { bluejay, replicas, port, redis };
}

/** Reads until a replica has the persona in its memory, and Redis has it too. */
async function fill({ bluejay, replicas, redis }: Replicas, apiKeys = [clinic.apiKey]) {
  for (const apiKey of apiKeys) {
    for (const replica of replicas) {
      await expect
        .poll(async () => {
          const calls = bluejay.calls.length;
          await readName(replica, exampleId, apiKey);
          return bluejay.calls.length - calls;
        })
        .toBe(0);
    }
  }
  await expect.poll(() => redis.keys(`*${exampleId}`)).toHaveLength(apiKeys.length);
  bluejay.calls.length = 0;
}

test.skipIf(isRedisMissing)(
  'what one replica writes all others see, under whichever key they have kept it (skipped without redis-server)',
  async () => {
    const all = await startReplicas();
    const { replicas, bluejay, port } = all;
    const [first, second] = replicas;
    const keys = [clinic.apiKey, 'another-key-of-the-clinic'];
    await fill(all, keys);
    await update(first, { name: 'After' });
    for (const apiKey of keys) {
      expect(await readName(second, exampleId, apiKey)).toBe('After');
      expect(await readName(first, exampleId, apiKey)).toBe('After');
    }
    // One that starts now has only Redis to go by, and need not ask Bluejay.
    const third = await startWriter({
      baseUrl: bluejay.url,
      cache: { url: `redis://127.0.0.1:${port}` },
    });
    for (const apiKey of keys) expect(await readName(third, exampleId, apiKey)).toBe('After');
    await remove(second);
    for (const replica of [first, second, third]) expect(await readName(replica)).toBeNull();
    await create(third, newPersona);
    for (const replica of [first, second, third]) expect(await readName(replica)).toBe('Ann');
  },
);

test.skipIf(isRedisMissing)(
  'a read of one replica that a write of another overtakes is kept nowhere',
  async () => {
    const all = await startReplicas();
    const { replicas, bluejay, redis } = all;
    const [first, second] = replicas;
    await fill(all);
    // The second one has to ask Bluejay again.
    await update(first, { name: 'Between' });
    bluejay.calls.length = 0;
    bluejay.hold('GET');
    const early = readName(second);
    await expect.poll(() => bluejay.calls).toEqual(['GET']);
    bluejay.holdNoMore();
    await update(first, { name: 'After' });
    expect(await readName(second)).toBe('After');
    bluejay.release();
    expect(await early).toBe('Between');
    for (const replica of [second, first, second]) expect(await readName(replica)).toBe('After');
    const [key = ''] = await redis.keys(`*${exampleId}`);
    await expect.poll(() => redis.get(key)).toContain('After');
  },
);

test.skipIf(isRedisMissing)(
  'nor is it where the replica hears nothing of the write: what it stores belongs to an older generation',
  async () => {
    const all = await startReplicas();
    const { replicas, bluejay, redis } = all;
    const [first, second] = replicas;
    await fill(all);
    await update(first, { name: 'Between' });
    bluejay.hold('GET');
    bluejay.calls.length = 0;
    const early = readName(second);
    await expect.poll(() => bluejay.calls).toEqual(['GET']);
    bluejay.holdNoMore();
    await redis.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
    await update(first, { name: 'After' });
    bluejay.release();
    expect(await early).toBe('Between');
    // Once it listens again, it takes nothing for true that it has read before.
    for (const replica of [second, first]) await expect.poll(() => readName(replica)).toBe('After');
  },
);

test.skipIf(isRedisMissing)(
  'after an unknown outcome no replica keeps what it reads, until the write can no longer be carried out',
  async () => {
    const all = await startReplicas();
    const { replicas, bluejay } = all;
    const [first, second] = replicas;
    await fill(all);
    bluejay.fail(500);
    await update(first, { name: 'Later' });
    bluejay.fail(undefined);
    // Not carried out yet, and then it is.
    bluejay.become('Before');
    expect(await readName(second)).toBe('Before');
    bluejay.become('Later');
    for (const replica of replicas) expect(await readName(replica)).toBe('Later');
  },
);

/** A way to Redis that can be interrupted. */
async function startWay(port: number) {
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    if (!isOpen) return void socket.destroy();
    const redis = connect(port, '127.0.0.1').on('error', () => {});
    sockets.add(redis);
    socket.pipe(redis).pipe(socket);
    return undefined;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      isOpen = false;
      cut();
    },
    open: () => void (isOpen = true),
  };
}

/** Two replicas, the first of them behind a way to Redis. */
async function startReplicasBehindWay() {
  let way: Awaited<ReturnType<typeof startWay>> | undefined;
  const all = await startReplicas({
    async firstPort(port) {
      way = await startWay(port);
      return way.port;
    },
  });
  if (way === undefined) throw new Error('There is no way');
  return { ...all, way };
}

test.skipIf(isRedisMissing)(
  'a replica that has missed messages drops what it has in memory once it hears again',
  async () => {
    const all = await startReplicasBehindWay();
    const [deaf, writer] = all.replicas;
    await fill(all);
    all.way.close();
    await update(writer, { name: 'After' });
    // Its TTL is the limit now.
    expect(await readName(deaf)).toBe('Before');
    all.way.open();
    await expect.poll(() => readName(deaf)).toBe('After');
  },
);

test.skipIf(isRedisMissing)(
  'a write that Redis cannot be told of is seen here at once, and by the others as soon as it can',
  async () => {
    const all = await startReplicasBehindWay();
    const [first, second] = all.replicas;
    await fill(all);
    all.way.close();
    await update(first, { name: 'After' });
    expect(await readName(first)).toBe('After');
    expect(await readName(second)).toBe('Before');
    all.way.open();
    await expect.poll(() => readName(second), { timeout: 15_000 }).toBe('After');
    expect(await readName(first)).toBe('After');
  },
);
