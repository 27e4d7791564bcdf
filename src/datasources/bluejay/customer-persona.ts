import { isObject } from '../../shared/is-object.ts';
import { defineEndpoint } from '../upstream/endpoint.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { Decoded } from '../upstream/json.ts';
import { parseUuid } from '../uuid.ts';
import { normaliseDateTime } from './date-time.ts';
import { service, title } from './service.ts';

/** A field's name in Bluejay's JSON, and how its text is read. */
interface Field {
  readonly sent: string;
  /** Returns undefined for a text that the field cannot have. @default any text is used as it is */
  readonly parse?: (text: string) => string | undefined;
}

/** Every field but the id. Bluejay may leave any of them out, or null, and may add others. */
const fields = {
  /** RFC 3339 in UTC. */
  createdAt: { sent: 'created_at', parse: normaliseDateTime },
  name: { sent: 'name' },
  description: { sent: 'description' },
  goal: { sent: 'goal' },
  /** A canonical UUID. */
  orgId: { sent: 'org_id', parse: parseUuid },
} as const satisfies Record<string, Field>;

/** The error stands for a value that is not of the field's type: a resolver that returns it fails that field alone. */
type FieldValue = string | null | UpstreamError;

/** A customer persona as the rest of the gateway knows it. */
export type CustomerPersona = { readonly [Name in keyof typeof fields]: FieldValue } & {
  /** Canonical, lower-cased. */
  readonly id: string;
};

const table = Object.entries<Field>(fields).map(([name, field]) => ({ name, ...field }));

/**
 * Decodes one persona as Bluejay's JSON has it.
 *
 * @param idIfNull the canonical id to use where the JSON's is missing or null
 * @returns undefined for what is no persona, or has no usable id
 */
export type DecodePersona = (json: unknown, idIfNull?: string) => CustomerPersona | undefined;

/** @param operation whose answers are decoded: the errors of their unusable values name it */
export function createPersonaDecoder(operation: string): DecodePersona {
  const unusable = new UpstreamError(
    { kind: 'invalid_response', reason: 'unusable_value' },
    { service, operation, title, status: 200 },
  );
  return (json, idIfNull) => {
    if (!isObject(json)) return undefined;
    const sentId = json['id'] ?? idIfNull;
    const id = sentId === idIfNull ? idIfNull : parseUuid(sentId);
    if (id === undefined) return undefined;
    const persona: Record<string, FieldValue> = { id };
    // No field is required, but an object without any of them is something else, such as an error page in JSON.
    let isPersona = 'id' in json;
    for (const { name, sent, parse } of table) {
      const value = json[sent];
      isPersona ||= sent in json;
      if (typeof value === 'string') persona[name] = (parse === undefined ? value : parse(value)) ?? unusable;
      else persona[name] = (value ?? null) === null ? null : unusable;
    }
    return isPersona ? (persona as CustomerPersona) : undefined;
  };
}

/** The persona as Bluejay's JSON has it. No field is a boolean, so `false` is decoded as unusable again. */
function encodePersona(persona: CustomerPersona | null): object {
  if (persona === null) throw new TypeError('null is absent, and has no encoding');
  const json: Record<string, string | false | null> = { id: persona.id };
  for (const { name, sent } of table) {
    const value = persona[name as keyof typeof fields];
    json[sent] = value instanceof UpstreamError ? false : value;
  }
  return json;
}

const decodePersona = createPersonaDecoder('getCustomerPersona');

/** One persona, or null where Bluejay has none of that id that the key may see. */
export const getCustomerPersona = defineEndpoint({
  operation: 'getCustomerPersona',
  method: 'GET',
  path: '/v1/customer-persona/{persona_id}',
  idempotent: true,
  argumentNames: { persona_id: 'id' },
  decode(json, { persona_id: id }): Decoded<CustomerPersona | null> {
    const persona = decodePersona(json, String(id));
    if (persona === undefined) return { ok: false, reason: 'wrong_shape' };
    return persona.id === id ? { ok: true, value: persona } : { ok: false, reason: 'other_id' };
  },
  absent: { value: null },
  malformed: { persona_id: 'not-a-uuid' },
  examples: [{ persona_id: '3f2b8c1e-5d47-4a90-8e6b-1c9d0a7f2e35' }],
  cache: { encode: encodePersona },
});
