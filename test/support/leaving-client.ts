import { expect } from 'vitest';
import { someIds } from './gateway.ts';
import type { TestGateway } from './gateway.ts';

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

/**
 * Fills the bulkhead and its queue: 64 calls in flight and 4,096 waiting. Bluejay must hang, and the gateway accept
 * that many requests.
 *
 * @param more how many reads beyond that
 */
export async function fillLine(gateway: TestGateway, more = 0): Promise<LeavingClient[]> {
  // Each request has 32 reads in flight or waiting.
  const batches = Array.from({ length: 66 }, (_, series) =>
    startLeavingClient(gateway.url, {
      query: 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }',
      variables: { ids: someIds(32, series) },
    }),
  );
  await expect
    .poll(() => gateway.metrics())
    .toMatch(/^bluejay_graphql_upstream_calls_queued\{service="bluejay"\} 2048$/m);
  // While half of the bulkhead is in use, only single reads get the rest.
  const singles = someIds(2_048 + more, 66).map((id) =>
    startLeavingClient(gateway.url, { query: `{ persona(id: "${id}") { id } }` }),
  );
  await expect
    .poll(() => gateway.metrics())
    .toMatch(/^bluejay_graphql_upstream_calls_queued\{service="bluejay"\} 4096$/m);
  return [...batches, ...singles];
}
