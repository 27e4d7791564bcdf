import { QueryClient } from '@tanstack/query-core';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { ClientError, GraphQLClient } from 'graphql-request';
import { retryDelayMs } from './errors.ts';
import type { GatewayError } from './errors.ts';
import { createMutation, deleteMutation, listQuery, updateMutation } from './operations.ts';
import type { ClientOptions, Persona, PersonaList, Personas } from './personas.ts';

/** Thrown when a root field is null because it failed, and when the request was refused. */
class FailedError extends Error {
  override readonly name = 'FailedError';
  readonly errors: readonly GatewayError[];

  constructor(errors: readonly GatewayError[]) {
    super(errors[0]?.message);
    this.errors = errors;
  }
}

const keyOf = (agentId: string) => ['personas', agentId];
const errorsOf = (error: unknown) => (error instanceof FailedError ? error.errors : []);

export function createPersonas({ url, apiKey }: ClientOptions): Personas {
  const cache = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 60_000,
        // TanStack Query counts failures from 0, and passes the error itself.
        retry: (failures, error) => retryDelayMs(errorsOf(error), failures + 1) !== undefined,
        retryDelay: (failures, error) => retryDelayMs(errorsOf(error), failures + 1) ?? 0,
      },
    },
  });

  async function send<Data, Variables extends object>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    signal?: AbortSignal,
  ): Promise<{ data: Data; errors: readonly GatewayError[] }> {
    const { hash } = (document as { __meta__?: { hash: string } }).__meta__ ?? {};
    const client = new GraphQLClient(url, {
      headers: { 'x-api-key': apiKey },
      // Data comes with errors; the default drops it.
      errorPolicy: 'all',
      // Sends the id that codegen gave the document instead of its text.
      requestMiddleware: (init) => ({
        ...init,
        body: JSON.stringify({ documentId: hash, variables }),
      }),
    });
    const request = { query: print(document), variables, ...(signal && { signal }) };
    const { data, errors = [] } = await client.rawRequest<Data>(request).catch((error: unknown) => {
      // Whatever the policy: it throws what has another status than 200, such as a rate limit's 429.
      throw error instanceof ClientError && error.response.errors
        ? new FailedError(error.response.errors)
        : error;
    });
    const isRootNull = Object.values(data as object).includes(null);
    if (isRootNull && errors.length > 0) throw new FailedError(errors);
    return { data, errors };
  }

  function changeLists(key: readonly string[], change: (personas: readonly Persona[]) => readonly Persona[]) {
    cache.setQueriesData<PersonaList>(
      { queryKey: key },
      (list) => list && { ...list, personas: list.personas && change(list.personas) },
    );
  }

  return {
    list: (agentId) =>
      cache
        .fetchQuery<PersonaList>({
          queryKey: keyOf(agentId),
          async queryFn({ signal }) {
            const { data, errors } = await send(listQuery, { agentId }, signal);
            return { personas: data.personasByAgent ?? null, errors };
          },
        })
        .catch((error: unknown) => {
          if (!(error instanceof FailedError)) throw error;
          return { personas: null, errors: error.errors };
        }),
    async create(input) {
      const { data } = await send(createMutation, { input });
      const persona = data.createCustomerPersona?.customerPersona ?? null;
      if (persona) changeLists(keyOf(input.agentId), (personas) => [...personas, persona]);
      return persona;
    },
    async rename(id, name) {
      const { data } = await send(updateMutation, { input: { id, name } });
      const persona = data.updateCustomerPersona?.customerPersona;
      if (!persona) return;
      // Nothing is normalised: the persona is replaced in each list that has it.
      changeLists(['personas'], (personas) => personas.map((old) => (old.id === id ? persona : old)));
    },
    async remove(id) {
      await send(deleteMutation, { input: { id } });
      changeLists(['personas'], (personas) => personas.filter((persona) => persona.id !== id));
    },
  };
}
