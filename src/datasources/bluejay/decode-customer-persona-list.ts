import { isObject } from '../../shared/is-object.ts';
import { createPersonaDecoder } from './decode-customer-persona.ts';
import type { CustomerPersona } from './decode-customer-persona.ts';
import { parseJson } from '../upstream/json.ts';
import type { Decoded } from '../upstream/json.ts';

export interface CustomerPersonaList {
  readonly personas: readonly CustomerPersona[];
  /** How many items have no usable id, so that nobody can tell which persona they are. */
  readonly dropped: number;
}

const decodeListed = createPersonaDecoder('listCustomerPersonasByAgent');

/** The personas in the body of a 200, in its order. A list that only has items of another shape has the wrong shape. */
export function decodeCustomerPersonaList(body: string): Decoded<CustomerPersonaList> {
  if (body === '') return { ok: false, reason: 'empty_body' };
  const json = parseJson(body);
  if (json === undefined) return { ok: false, reason: 'not_json' };
  if (!Array.isArray(json)) return { ok: false, reason: 'wrong_shape' };
  const personas: CustomerPersona[] = [];
  let malformed = 0;
  for (const item of json as unknown[]) {
    const persona = decodeListed(item);
    if (persona !== undefined) personas.push(persona);
    else if (!isWithoutId(item)) malformed += 1;
  }
  if (personas.length === 0 && malformed > 0) return { ok: false, reason: 'wrong_shape' };
  return { ok: true, value: { personas, dropped: json.length - personas.length } };
}

/** Any field may be null or missing, so an item without an id is in order, and nobody can use it. */
function isWithoutId(item: unknown): boolean {
  return item === null || (isObject(item) && (item['id'] ?? null) === null);
}
