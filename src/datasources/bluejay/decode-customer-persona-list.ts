import { createPersonaDecoder } from './decode-customer-persona.ts';
import type { CustomerPersona } from './decode-customer-persona.ts';
import { parseJson } from './json.ts';
import type { Decoded } from './json.ts';

export interface CustomerPersonaList {
  readonly personas: readonly CustomerPersona[];
  /** How many items have no usable id, so that nobody can tell which persona they are. */
  readonly dropped: number;
}

const decodeListed = createPersonaDecoder('listCustomerPersonasByAgent');

/** The personas in the body of a 200, in its order. A list none of whose items can be used is of a wrong shape. */
export function decodeCustomerPersonaList(body: string): Decoded<CustomerPersonaList> {
  if (body === '') return { ok: false, reason: 'empty_body' };
  const json = parseJson(body);
  if (json === undefined) return { ok: false, reason: 'not_json' };
  if (!Array.isArray(json)) return { ok: false, reason: 'wrong_shape' };
  const personas: CustomerPersona[] = [];
  for (const item of json as unknown[]) {
    const persona = decodeListed(item);
    if (persona !== undefined) personas.push(persona);
  }
  if (personas.length === 0 && json.length > 0) return { ok: false, reason: 'wrong_shape' };
  return { ok: true, value: { personas, dropped: json.length - personas.length } };
}
