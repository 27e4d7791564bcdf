import { QueryClient, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { GatewayError, rootField, send } from './gateway.ts';
import type { AnswerError } from './gateway.ts';
import type {
  CreateCustomerPersonaInput,
  PersonaFieldsFragment,
  PersonasByAgentQuery,
  UpdateCustomerPersonaInput,
} from './gql/graphql.ts';
import {
  createPersonaMutation,
  deletePersonaMutation,
  personaQuery,
  personasByAgentQuery,
  updatePersonaMutation,
} from './operations.ts';

export type Persona = PersonaFieldsFragment;
export type ListedPersona = NonNullable<PersonasByAgentQuery['personasByAgent']>[number];

/** A value, and which of its fields are null because they could not be read: `1.goal` for the second one's goal. */
export interface Read<Value> {
  readonly value: Value;
  readonly missing: ReadonlySet<string>;
}

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: GatewayError;
  }
}

/** Retries reads for as long as it makes sense, when the gateway says that it does. Writes are sent once. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (_count, error) => error.extensions.retryable === true,
        retryDelay(count, error) {
          const delayMs = error.extensions.retryAfterMs ?? Math.min(1_000 * 2 ** count, 30_000);
          // For the countdown.
          error.retryAt = Date.now() + delayMs;
          return delayMs;
        },
      },
    },
  });
}

export const listOptions = (agentId: string) =>
  queryOptions({
    queryKey: ['personas', agentId],
    async queryFn({ signal }): Promise<Read<readonly ListedPersona[]>> {
      const answer = await send(personasByAgentQuery, { agentId }, signal);
      return { value: rootField(answer, 'personasByAgent') ?? [], missing: missingFields(answer.errors) };
    },
  });

/** `value` is null when there is no such persona. */
export const personaOptions = (id: string) =>
  queryOptions({
    queryKey: ['persona', id],
    async queryFn({ signal }): Promise<Read<Persona | null>> {
      const answer = await send(personaQuery, { id }, signal);
      return { value: rootField(answer, 'persona'), missing: missingFields(answer.errors) };
    },
  });

function missingFields(errors: readonly AnswerError[]): ReadonlySet<string> {
  return new Set(errors.map(({ path = [] }) => path.slice(1).join('.')));
}

/** @returns undefined where the answer does not say all of what was written */
function written(persona: Persona | null | undefined, errors: readonly AnswerError[]): Persona | undefined {
  return errors.length > 0 ? undefined : (persona ?? undefined);
}

/** The writes. Each one puts its answer where lists and details are kept, so nothing is read again. */
export function usePersonaWrites(agentId: string) {
  const client = useQueryClient();
  const inLists = (
    change: (personas: readonly ListedPersona[]) => readonly ListedPersona[],
    key: string[] = [],
  ) =>
    client.setQueriesData<Read<readonly ListedPersona[]>>({ queryKey: ['personas', ...key] }, (list) => {
      // The places of missing fields shift: a list with any is read again.
      if (list === undefined || list.missing.size > 0) return undefined;
      return { ...list, value: change(list.value) };
    });
  const keep = (persona: Persona) =>
    client.setQueryData(personaOptions(persona.id).queryKey, { value: persona, missing: new Set<string>() });
  const readAgain = () => client.invalidateQueries();
  /** A write whose answer never came may have been done. */
  const onError = (error: GatewayError) => (error.extensions.outcome === 'unknown' ? readAgain() : undefined);

  const create = useMutation({
    mutationFn: async (input: Omit<CreateCustomerPersonaInput, 'agentId'>) => {
      const answer = await send(createPersonaMutation, { input: { ...input, agentId } });
      const payload = rootField(answer, 'createCustomerPersona');
      return written(payload?.customerPersona, answer.errors);
    },
    onError,
    onSuccess(persona) {
      if (persona === undefined) return readAgain();
      keep(persona);
      inLists((personas) => [...personas, persona], [agentId]);
      return undefined;
    },
  });

  const update = useMutation({
    mutationFn: async (input: UpdateCustomerPersonaInput) => {
      const answer = await send(updatePersonaMutation, { input });
      const payload = rootField(answer, 'updateCustomerPersona');
      return written(payload?.customerPersona, answer.errors);
    },
    onError,
    onSuccess(persona) {
      if (persona === undefined) return readAgain();
      keep(persona);
      inLists((personas) => personas.map((listed) => (listed.id === persona.id ? persona : listed)));
      return undefined;
    },
  });

  const remove = useMutation({
    mutationFn: async (id: string) => {
      const answer = await send(deletePersonaMutation, { input: { id } });
      return rootField(answer, 'deleteCustomerPersona')?.deletedId ?? id;
    },
    onError,
    onSuccess(deletedId) {
      client.removeQueries({ queryKey: personaOptions(deletedId).queryKey });
      inLists((personas) => personas.filter(({ id }) => id !== deletedId));
    },
  });

  return { create, update, remove };
}
