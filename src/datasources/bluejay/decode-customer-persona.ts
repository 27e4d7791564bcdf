import { parseUuid } from '../uuid.ts';
import { normaliseDateTime } from './date-time.ts';
import { isObject } from '../../is-object.ts';
import { parseJson } from './json.ts';
import type { Decoded } from './json.ts';

/** A customer persona as the rest of the gateway knows it. */
export interface CustomerPersona {
  /** Canonical, lower-cased. */
  readonly id: string;
  /** RFC 3339 in UTC. */
  readonly createdAt: string | null;
  readonly name: string | null;
  readonly description: string | null;
  readonly goal: string | null;
  readonly orgId: string | null;
}

const fields = ['id', 'created_at', 'name', 'description', 'goal', 'org_id'] as const;

/**
 * The persona in the body of a 200. Bluejay may leave any field out or null, and may add fields.
 *
 * @param id the canonical id that was asked for; it also stands in for an id that is null
 */
export function decodeCustomerPersona(body: string, id: string): Decoded<CustomerPersona> {
  if (body === '') return { ok: false, reason: 'empty_body' };
  const json = parseJson(body);
  if (json === undefined) return { ok: false, reason: 'not_json' };
  const decoded = decodeCustomerPersonaValue(json, id);
  return decoded.ok && decoded.value.id !== id ? { ok: false, reason: 'other_id' } : decoded;
}

/** @param idIfNull stands in for an id that is null; without it such a persona is of a wrong shape */
export function decodeCustomerPersonaValue(json: unknown, idIfNull?: string): Decoded<CustomerPersona> {
  // No field is required, but an object without any of them is something else, such as an error page in JSON.
  if (!isObject(json) || !fields.some((field) => field in json)) return wrongShape;
  const answeredId = decodeUuid(json['id']);
  const id = answeredId === null ? idIfNull : answeredId;
  const createdAt = decodeDateTime(json['created_at']);
  const name = decodeString(json['name']);
  const description = decodeString(json['description']);
  const goal = decodeString(json['goal']);
  const orgId = decodeUuid(json['org_id']);
  if (
    id === undefined ||
    createdAt === undefined ||
    name === undefined ||
    description === undefined ||
    goal === undefined ||
    orgId === undefined
  ) {
    return wrongShape;
  }
  return { ok: true, value: { id, createdAt, name, description, goal, orgId } };
}

const wrongShape = { ok: false, reason: 'wrong_shape' } as const;

// Each field: undefined for a value of the wrong type, null for an absent one.

function decodeString(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : undefined;
}

function decodeUuid(value: unknown): string | null | undefined {
  return value === undefined || value === null ? null : parseUuid(value);
}

function decodeDateTime(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? normaliseDateTime(value) : undefined;
}
