import { isObject } from '../../shared/is-object.ts';
import { parseUuid } from '../uuid.ts';
import { normaliseDateTime } from './date-time.ts';
import { BluejayError } from '../upstream/errors.ts';
import type { Operation } from '../upstream/errors.ts';
import { parseJson } from '../upstream/json.ts';
import type { Decoded } from '../upstream/json.ts';

/** A customer persona as the rest of the gateway knows it. */
export interface CustomerPersona {
  /** Canonical, lower-cased. */
  readonly id: string;
  /** RFC 3339 in UTC. */
  readonly createdAt: FieldValue;
  readonly name: FieldValue;
  readonly description: FieldValue;
  readonly goal: FieldValue;
  /** A canonical UUID. */
  readonly orgId: FieldValue;
}

/** The error stands for a value that is not of the field's type: a resolver that returns it fails that field alone. */
type FieldValue = string | null | BluejayError;

const fields = ['id', 'created_at', 'name', 'description', 'goal', 'org_id'] as const;

/**
 * Decodes one persona as Bluejay's JSON has it: any field may be missing or null, and unknown ones are ignored.
 *
 * @param idIfNull stands in for an id that is missing or null
 * @returns undefined for what is no persona, or has no usable id
 */
export type DecodePersona = (json: unknown, idIfNull?: string) => CustomerPersona | undefined;

/** @param operation whose answers are decoded: the errors of their unusable values name it */
export function createPersonaDecoder(operation: Operation): DecodePersona {
  const unusable = new BluejayError(
    { kind: 'invalid_response', reason: 'unusable_value' },
    { operation, status: 200 },
  );

  function decodeField(value: unknown, parse: (text: string) => string | undefined): FieldValue {
    if (value === undefined || value === null) return null;
    return (typeof value === 'string' ? parse(value) : undefined) ?? unusable;
  }

  return (json, idIfNull) => {
    // No field is required, but an object without any of them is something else, such as an error page in JSON.
    if (!isObject(json) || !fields.some((field) => field in json)) return undefined;
    const id = parseUuid(json['id'] ?? idIfNull);
    if (id === undefined) return undefined;
    return {
      id,
      createdAt: decodeField(json['created_at'], normaliseDateTime),
      name: decodeField(json['name'], asItIs),
      description: decodeField(json['description'], asItIs),
      goal: decodeField(json['goal'], asItIs),
      orgId: decodeField(json['org_id'], parseUuid),
    };
  };
}

const asItIs = (text: string) => text;

/** A persona that was read alone, from Bluejay or from the cache. */
export const decodeRead = createPersonaDecoder('getCustomerPersona');

/**
 * The persona in the body of a 200.
 *
 * @param id the canonical id that was asked for
 */
export function decodeCustomerPersona(body: string, id: string): Decoded<CustomerPersona> {
  if (body === '') return { ok: false, reason: 'empty_body' };
  const json = parseJson(body);
  if (json === undefined) return { ok: false, reason: 'not_json' };
  const persona = decodeRead(json, id);
  if (persona === undefined) return { ok: false, reason: 'wrong_shape' };
  return persona.id === id ? { ok: true, value: persona } : { ok: false, reason: 'other_id' };
}

/** The persona as Bluejay's JSON has it, for `decodeRead` to read again. */
export function encodeCustomerPersona(persona: CustomerPersona): object {
  const { id, createdAt, name, description, goal, orgId } = persona;
  return {
    id,
    created_at: encodeField(createdAt),
    name: encodeField(name),
    description: encodeField(description),
    goal: encodeField(goal),
    org_id: encodeField(orgId),
  };
}

/** No field is a boolean, so `false` is decoded as unusable again. */
function encodeField(value: FieldValue): string | false | null {
  return value instanceof BluejayError ? false : value;
}
