import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { OperationTypeNode } from 'graphql';
import { mergeMap, of, timer } from 'rxjs';
import type { Observable } from 'rxjs';
import { retryDelayMs } from './errors.ts';
import { createMutation, deleteMutation, listQuery, updateMutation } from './operations.ts';
import type { ClientOptions, Personas } from './personas.ts';

/** RetryLink sees only requests without an answer: this one sees the errors in the answer. */
const retryLink = new ApolloLink((operation, forward) =>
  operation.operationType === OperationTypeNode.QUERY ? send(operation, forward, 1) : forward(operation),
);

function send(
  operation: ApolloLink.Operation,
  forward: ApolloLink.ForwardFunction,
  attempt: number,
): Observable<ApolloLink.Result> {
  return forward(operation).pipe(
    mergeMap((result) => {
      const delayMs = retryDelayMs(result.errors ?? [], attempt);
      if (delayMs === undefined) return of(result);
      return timer(delayMs).pipe(mergeMap(() => send(operation, forward, attempt + 1)));
    }),
  );
}

/** Sends the id that codegen gave the document; the text is never sent. */
const persistedLink = new PersistedQueryLink({
  generateHash: (document) => (document as { __meta__?: { hash: string } }).__meta__?.hash ?? '',
  disable: () => false,
  retry: () => false,
});

export function createPersonas({ url, apiKey }: ClientOptions): Personas {
  const client = new ApolloClient({
    link: ApolloLink.from([
      retryLink,
      persistedLink,
      new HttpLink({ uri: url, headers: { 'x-api-key': apiKey } }),
    ]),
    cache: new InMemoryCache(),
  });
  return {
    async list(agentId) {
      const { data, error } = await client.query({
        query: listQuery,
        variables: { agentId },
        // Data comes with errors; the default drops it.
        errorPolicy: 'all',
      });
      if (error === undefined) return { personas: data?.personasByAgent ?? null, errors: [] };
      if (!CombinedGraphQLErrors.is(error)) throw error;
      // The cache keeps null for what failed, and forgets the error: the next read must ask again. For `useQuery` choose
      // `fetchPolicy: 'cache-and-network'` instead, because an eviction makes it read again at once.
      client.cache.evict({ id: 'ROOT_QUERY', fieldName: 'personasByAgent', args: { agentId } });
      return { personas: data?.personasByAgent ?? null, errors: error.errors };
    },
    async create(input) {
      const { data } = await client.mutate({
        mutation: createMutation,
        variables: { input },
        update(cache, { data: written }) {
          const persona = written?.createCustomerPersona?.customerPersona;
          if (!persona) return;
          cache.updateQuery({ query: listQuery, variables: { agentId: input.agentId } }, (list) =>
            list?.personasByAgent
              ? { ...list, personasByAgent: [...list.personasByAgent, persona] }
              : undefined,
          );
        },
      });
      return data?.createCustomerPersona?.customerPersona ?? null;
    },
    async rename(id, name) {
      // The answer has __typename and id: the cache replaces the persona everywhere.
      await client.mutate({ mutation: updateMutation, variables: { input: { id, name } } });
    },
    async remove(id) {
      await client.mutate({
        mutation: deleteMutation,
        variables: { input: { id } },
        update(cache) {
          // Lists leave out what the cache does not have any more.
          cache.evict({ id: `CustomerPersona:${id}` });
          cache.gc();
        },
      });
    },
  };
}
