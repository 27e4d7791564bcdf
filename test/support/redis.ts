import { expect } from 'vitest';
import { isMissing, startProcess } from './processes.ts';

export const isRedisMissing = isMissing('redis-server', '--version');

/** A Redis that ends with the test. */
export async function startRedis(port: number, ...options: string[]) {
  const redis = startProcess('redis-server', [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    ...options,
  ]);
  await expect.poll(redis.output, { timeout: 10_000 }).toContain('Ready to accept connections');
  return redis;
}
