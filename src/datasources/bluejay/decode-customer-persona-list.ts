import { isObject } from '../../is-object.ts';
import { decodeCustomerPersonaValue } from './decode-customer-persona.ts';
import type { CustomerPersona } from './decode-customer-persona.ts';
import { parseJson } from './json.ts';
import type { Decoded } from './json.ts';

export interface CustomerPersonaList {
  readonly personas: readonly CustomerPersona[];
  /** Items that were null or had no id: nobody could tell which persona they are. */
  readonly dropped: number;
}

/** The personas in the body of a 200, in its order. An item of a wrong shape makes the whole list unusable. */
export function decodeCustomerPersonaList(body: string): Decoded<CustomerPersonaList> {
  if (body === '') return { ok: false, reason: 'empty_body' };
  const json = parseJson(body);
  if (json === undefined) return { ok: false, reason: 'not_json' };
  if (!Array.isArray(json)) return { ok: false, reason: 'wrong_shape' };
  const personas: CustomerPersona[] = [];
  let dropped = 0;
  for (const item of json as unknown[]) {
    if (item === null || (isObject(item) && (item['id'] ?? null) === null)) {
      dropped += 1;
      continue;
    }
    const decoded = decodeCustomerPersonaValue(item);
    if (!decoded.ok) return decoded;
    personas.push(decoded.value);
  }
  return { ok: true, value: { personas, dropped } };
}
