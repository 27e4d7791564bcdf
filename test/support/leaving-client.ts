/** A client that has asked and may go away before it has its answer. */
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
