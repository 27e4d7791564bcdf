import { expect, test } from 'vitest';
import { clinic } from '../support/gateway.ts';
import { readName, update } from '../support/writes.ts';
import { startCluster } from './cluster.ts';

test('what one worker writes the others see, without a Redis', async () => {
  const cluster = await startCluster({ WRITES: 'true', PERSONA_CACHE_TTL_MS: '60000' });
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${cluster.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close', ...headers },
      body: JSON.stringify(body),
    });
  const gateway = { post };
  for (let each = 0; each < 4; each += 1) expect(await readName(gateway)).toBe(clinic.personas[0]?.name);
  // Each worker keeps it.
  expect(cluster.sandbox.requests).toHaveLength(2);
  await update(gateway, { name: 'After' });
  for (let each = 0; each < 4; each += 1) expect(await readName(gateway)).toBe('After');
  const asked = await cluster.askedWorkers(9);
  for (const worker of cluster.workers()) expect(asked).toContain(worker);
});
