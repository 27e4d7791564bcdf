import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { expect, onTestFinished } from 'vitest';
import { findFreePort } from './ports.ts';
import { isMissing, startProcess } from './processes.ts';

export const isRedisMissing = isMissing('redis-server', '--version');

/** A Redis that ends with the test. */
export async function startRedis(port: number, ...options: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const redis = startProcess('redis-server', [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    folder,
    ...options,
  ]);
  await expect.poll(redis.output).toContain('Ready to accept connections');
  return redis;
}

/** A client of the test's own. */
export async function connectTo(port: number) {
  const redis = createClient({ url: `redis://127.0.0.1:${port}` });
  // Some tests end Redis before the client.
  redis.on('error', () => {});
  await redis.connect();
  onTestFinished(() => redis.destroy());
  return redis;
}

interface ClusterNode {
  readonly port: number;
  readonly busPort: number;
  readonly redis: Awaited<ReturnType<typeof connectTo>>;
}

/** A Redis in cluster mode that has no slots yet. */
export async function startClusterNode(): Promise<ClusterNode> {
  const [port, busPort] = [await findFreePort(), await findFreePort()];
  await startRedis(port, '--cluster-enabled', 'yes', '--cluster-port', String(busPort));
  return { port, busPort, redis: await connectTo(port) };
}

/** Joins two nodes into a cluster, each with half of the slots. */
export async function joinCluster(first: ClusterNode['redis'], second: ClusterNode) {
  await first.clusterAddSlotsRange({ start: 0, end: 8_191 });
  await second.redis.clusterAddSlotsRange({ start: 8_192, end: 16_383 });
  await first.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(second.port), String(second.busPort)]);
  await expect.poll(() => first.clusterInfo()).toContain('cluster_state:ok');
}
