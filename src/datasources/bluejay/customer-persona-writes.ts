import { bodyOf, defineEndpoint } from '../upstream/endpoint.ts';
import type { Invalidation } from '../upstream/endpoint.ts';
import type { Decoded } from '../upstream/json.ts';
import { listCustomerPersonasByAgent } from './agent.ts';
import { createPersonaDecoder, getCustomerPersona } from './customer-persona.ts';
import type { CustomerPersona, DecodePersona } from './customer-persona.ts';

/** What Bluejay takes of a new persona. */
export interface NewPersona {
  readonly name: string;
  readonly description: string;
  readonly goal: string;
  /** Null, or left out: of no agent. */
  readonly agent_id?: number | null;
}

/** What Bluejay changes of a persona: what is left out stays as it is. */
export type PersonaChanges = Readonly<
  Partial<Record<'name' | 'description' | 'goal', string | null | undefined>>
>;

/** A persona is in the lists of agents, too, and no answer says in which. */
function invalidate(id: string | undefined): Invalidation[] {
  const lists = { operation: listCustomerPersonasByAgent.operation };
  if (id === undefined) return [lists];
  return [{ operation: getCustomerPersona.operation, input: { persona_id: id } }, lists];
}

/** For `examples`; a null is the caller's own idea. */
const exampleId = '3f2b8c1e-5d47-4a90-8e6b-1c9d0a7f2e35';
const texts: NewPersona = { name: 'Ann', description: 'Calls early', goal: 'An appointment' };

const decodeCreated = createPersonaDecoder('createCustomerPersona');
const decodeUpdated = createPersonaDecoder('updateCustomerPersona');
const decodeDeleted = createPersonaDecoder('deleteCustomerPersona');

/** Decodes what a write of a persona answers: the whole persona, and no other one. */
function decodeWritten(decode: DecodePersona, json: unknown, id: string | number): Decoded<CustomerPersona> {
  const persona = decode(json, String(id));
  if (persona === undefined) return { ok: false, reason: 'wrong_shape' };
  return persona.id === id ? { ok: true, value: persona } : { ok: false, reason: 'other_id' };
}

/** Each one makes a persona of its own: there is no key that would tell Bluejay that two are one. */
export const createCustomerPersona = defineEndpoint({
  operation: 'createCustomerPersona',
  method: 'POST',
  path: '/v1/create-customer-persona',
  idempotent: false,
  body: bodyOf<NewPersona>(),
  examples: [{ body: texts }, { body: { ...texts, agent_id: 7 } }],
  argumentNames: { agent_id: 'agentId' },
  decode(json): Decoded<CustomerPersona | null> {
    const persona = decodeCreated(json);
    if (persona !== undefined) return { ok: true, value: persona };
    // Any field may be null: the persona is made then, and nobody can tell which one it is.
    const isWithoutId = decodeCreated(json, exampleId)?.id === exampleId;
    return isWithoutId ? { ok: true, value: null } : { ok: false, reason: 'wrong_shape' };
  },
  // That there was none of its id may be kept.
  invalidates: (_input, persona) => invalidate(persona?.id),
  subject: (_input, persona) => persona?.id,
});

// Their methods are idempotent, and yet they are sent once: a second one could undo what somebody wrote between them.

export const updateCustomerPersona = defineEndpoint({
  operation: 'updateCustomerPersona',
  method: 'PUT',
  path: '/v1/update-customer-persona/{persona_id}',
  idempotent: false,
  body: bodyOf<PersonaChanges>(),
  examples: [
    { persona_id: exampleId, body: texts },
    { persona_id: exampleId, body: { goal: 'A refund' } },
  ],
  argumentNames: { persona_id: 'id' },
  decode: (json, { persona_id: id }) => decodeWritten(decodeUpdated, json, id),
  invalidates: ({ persona_id: id }) => invalidate(String(id)),
  subject: ({ persona_id: id }) => String(id),
});

export const deleteCustomerPersona = defineEndpoint({
  operation: 'deleteCustomerPersona',
  method: 'DELETE',
  path: '/v1/customer-persona/{persona_id}',
  idempotent: false,
  argumentNames: { persona_id: 'id' },
  examples: [{ persona_id: exampleId }],
  decode: (json, { persona_id: id }) => decodeWritten(decodeDeleted, json, id),
  invalidates: ({ persona_id: id }) => invalidate(String(id)),
  subject: ({ persona_id: id }) => String(id),
});
