import { Client, fetchExchange, makeOperation } from '@urql/core';
import type { Exchange, Operation } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { persistedExchange } from '@urql/exchange-persisted';
import { delay, filter, fromValue, makeSubject, merge, mergeMap, pipe, takeUntil } from 'wonka';
import type { CreateCustomerPersonaInput, DeleteCustomerPersonaInput } from './gql/graphql.ts';
import { retryDelayMs } from './errors.ts';
import { createMutation, deleteMutation, listQuery, updateMutation } from './operations.ts';
import type { ClientOptions, Personas } from './personas.ts';

/** The package's retryExchange chooses its delay itself: this one waits as long as the gateway says. */
const retryExchange: Exchange = ({ forward }) => {
  const { source: failed$, next: fail } = makeSubject<{ operation: Operation; delayMs: number }>();
  return (operations$) => {
    const again$ = pipe(
      failed$,
      mergeMap(({ operation, delayMs }) => {
        const isGivenUp = ({ kind, key }: Operation) => kind === 'teardown' && key === operation.key;
        return pipe(fromValue(operation), delay(delayMs), takeUntil(pipe(operations$, filter(isGivenUp))));
      }),
    );
    return pipe(
      merge([operations$, again$]),
      forward,
      filter(({ operation, error }) => {
        if (operation.kind !== 'query' || error === undefined) return true;
        const attempt = (operation.context['attempt'] as number | undefined) ?? 1;
        const delayMs = retryDelayMs(error.graphQLErrors, attempt);
        if (delayMs === undefined) return true;
        const context = { ...operation.context, attempt: attempt + 1 };
        fail({ operation: makeOperation(operation.kind, operation, context), delayMs });
        return false;
      }),
    );
  };
};

const cache = () =>
  cacheExchange({
    updates: {
      Mutation: {
        createCustomerPersona(result, { input }, store) {
          const { customerPersona: persona } = result['createCustomerPersona'] as { customerPersona: never };
          const { agentId } = input as CreateCustomerPersonaInput;
          if (!persona || !agentId) return;
          store.updateQuery({ query: listQuery, variables: { agentId } }, (list) =>
            list?.personasByAgent ? { ...list, personasByAgent: [...list.personasByAgent, persona] } : list,
          );
        },
        deleteCustomerPersona(_result, { input }, store) {
          const { id } = input as DeleteCustomerPersonaInput;
          for (const { fieldName, arguments: variables } of store.inspectFields('Query')) {
            if (fieldName !== 'personasByAgent') continue;
            store.updateQuery({ query: listQuery, variables: variables as { agentId: string } }, (list) =>
              list?.personasByAgent
                ? { ...list, personasByAgent: list.personasByAgent.filter((persona) => persona.id !== id) }
                : list,
            );
          }
        },
      },
    },
  });

export function createPersonas({ url, apiKey }: ClientOptions): Personas {
  const client = new Client({
    url,
    fetchOptions: { headers: { 'x-api-key': apiKey } },
    preferGetMethod: false,
    exchanges: [
      cache(),
      retryExchange,
      persistedExchange({
        enforcePersistedQueries: true,
        enableForMutation: true,
        preferGetForPersistedQueries: false,
        // The id that codegen gave the document; the text is never sent.
        generateHash: (_text, document) =>
          Promise.resolve((document as { __meta__?: { hash: string } }).__meta__?.hash),
      }),
      fetchExchange,
    ],
  });
  return {
    async list(agentId) {
      const { data, error } = await client.query(listQuery, { agentId }).toPromise();
      return { personas: data?.personasByAgent ?? null, errors: error?.graphQLErrors ?? [] };
    },
    async create(input) {
      const { data, error } = await client.mutation(createMutation, { input }).toPromise();
      if (error) throw error;
      return data?.createCustomerPersona?.customerPersona ?? null;
    },
    async rename(id, name) {
      // The answer has __typename and id: the cache replaces the persona everywhere.
      const { error } = await client.mutation(updateMutation, { input: { id, name } }).toPromise();
      if (error) throw error;
    },
    async remove(id) {
      const { error } = await client.mutation(deleteMutation, { input: { id } }).toPromise();
      if (error) throw error;
    },
  };
}
