import { expect } from 'vitest';
import { personaQuery } from '../../examples/frontend/operations.ts';
import type { CacheConfig } from '../../src/datasources/upstream/index.ts';
import { clinic, exampleId, startGateway } from './gateway.ts';
import type { TestGateway } from './gateway.ts';

/**
 * A gateway with a shared cache, whose memory holds one persona. Its Redis has time enough on a busy machine: only
 * tests about a slow one have a limit of their own.
 *
 * @param peer another replica, whose sandbox it shares
 */
export const startReplica = (port: number, cache: Partial<CacheConfig> = {}, peer?: TestGateway) =>
  startGateway({
    ...(peer && { baseUrl: peer.sandbox.url }),
    cache: {
      ttlMs: 60_000,
      maxEntries: 1,
      url: `redis://127.0.0.1:${port}`,
      sharedTimeoutMs: 5_000,
      ...cache,
    },
    auth: { mode: 'forward' },
  });

export const ask = (gateway: TestGateway, apiKey = clinic.apiKey, id = exampleId) =>
  gateway.query(personaQuery, { id }, { 'x-api-key': apiKey });

/** Each state of the shared cache that was logged, with its reason. */
export function changesOf(gateway: TestGateway): string[] {
  const lines = gateway.logs.filter(({ msg }) => msg === 'shared cache') as {
    state: string;
    reason?: string;
  }[];
  return lines.map(({ state, reason }) => (reason === undefined ? state : `${state} ${reason}`));
}

/** Reads until the shared cache is in use; it connects in the background. */
export async function warmUp(gateway: TestGateway, sandbox = gateway.sandbox) {
  await expect.poll(() => countCallsOfSharedReads(gateway, sandbox), { interval: 100 }).toBe(0);
  sandbox.requests.length = 0;
}

/** Counts the calls to Bluejay for a persona that is in the shared cache, but not in memory. */
export async function countCallsOfSharedReads(
  gateway: TestGateway,
  sandbox = gateway.sandbox,
): Promise<number> {
  await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
  await ask(gateway, clinic.apiKey, clinic.personas[2]?.id);
  const calls = sandbox.requests.length;
  await ask(gateway, clinic.apiKey, clinic.personas[1]?.id);
  return sandbox.requests.length - calls;
}
