import { isObject } from '../../shared/is-object.ts';
import { defineEndpoint } from '../upstream/endpoint.ts';
import type { Decoded } from '../upstream/json.ts';
import { createPersonaDecoder } from './customer-persona.ts';
import type { CustomerPersona } from './customer-persona.ts';

const decodeListed = createPersonaDecoder('listCustomerPersonasByAgent');

/**
 * Lists an agent's personas in Bluejay's order; none for an agent that Bluejay does not have. Not cached, because an
 * agent's list changes more often than a persona.
 */
export const listCustomerPersonasByAgent = defineEndpoint({
  operation: 'listCustomerPersonasByAgent',
  method: 'GET',
  path: '/v1/customer-personas-by-agent/{agent_id}',
  idempotent: true,
  argumentNames: { agent_id: 'agentId' },
  decode(json): Decoded<readonly CustomerPersona[]> {
    if (!Array.isArray(json)) return { ok: false, reason: 'wrong_shape' };
    const personas: CustomerPersona[] = [];
    let malformed = 0;
    for (const item of json as unknown[]) {
      const persona = decodeListed(item);
      if (persona !== undefined) personas.push(persona);
      else if (!isWithoutId(item)) malformed += 1;
    }
    // A list of malformed items only has the wrong shape.
    if (personas.length === 0 && malformed > 0) return { ok: false, reason: 'wrong_shape' };
    return { ok: true, value: personas, dropped: json.length - personas.length };
  },
  absent: { value: [] },
  malformed: { agent_id: 'not-an-integer' },
  examples: [{ agent_id: 7 }],
  // Bluejay does not page the list, and descriptions can be long.
  maxResponseBytes: 16_777_216,
});

/** Whether an item has no id. Any field may be null or missing, so the item is well-formed, but unusable. */
function isWithoutId(item: unknown): boolean {
  return item === null || (isObject(item) && (item['id'] ?? null) === null);
}
