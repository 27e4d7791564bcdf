import { expect } from 'vitest';
import { someIds } from './gateway.ts';
import type { TestGateway } from './gateway.ts';
import { sumOf } from './prometheus-text.ts';

/** A client that may disconnect before it has its answer. */
export interface LeavingClient {
  leave(): Promise<void>;
}

/**
 * Sends a GraphQL request to a gateway.
 *
 * @param url the gateway's origin
 */
export function startLeavingClient(
  url: string,
  params: { readonly query: string; readonly variables?: object },
  headers: Readonly<Record<string, string>> = {},
): LeavingClient {
  const leaving = new AbortController();
  const answer = fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(params),
    signal: leaving.signal,
  }).catch(() => undefined);
  return {
    async leave() {
      leaving.abort();
      await answer;
    },
  };
}

/** Few enough places at Bluejay, in flight and in the queue, for a test to fill. */
export const fewPlaces = { maxInFlight: 2, maxQueue: 4 };

/**
 * Sends single reads until so many wait for a place at Bluejay, which must hang. The gateway has `fewPlaces` and metrics.
 *
 * @param more how many reads beyond a full queue
 */
export async function fillLine(
  gateway: TestGateway,
  { queued = fewPlaces.maxQueue, more = 0, headers = {} } = {},
): Promise<LeavingClient[]> {
  const clients = someIds(fewPlaces.maxInFlight + queued + more).map((id) =>
    startLeavingClient(gateway.url, { query: `{ persona(id: "${id}") { id } }` }, headers),
  );
  await expect
    .poll(async () => sumOf(await gateway.metrics(), 'upstream_calls_queued', { service: 'bluejay' }))
    .toBe(queued);
  return clients;
}
