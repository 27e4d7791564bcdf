import { describe, expect, test } from 'vitest';
import { createResolve } from '../../contract/resolve-reference.ts';
import { loadDocument } from '../../contract/load-document.ts';
import { alternativesOf } from '../../contract/schema-alternatives.ts';
import { getCustomerPersona } from '../../src/datasources/bluejay/customer-persona.ts';
import type { CustomerPersona } from '../../src/datasources/bluejay/customer-persona.ts';
import { UpstreamError } from '../../src/datasources/upstream/errors.ts';
import { exampleId } from '../support/gateway.ts';

const contract = await loadDocument('contract/bluejay.openapi.yaml');
const resolve = createResolve(contract);
const [persona] = alternativesOf({ $ref: '#/components/schemas/CustomerPersona' }, resolve);
const fields = Object.entries(persona?.properties ?? {});

/** A value of each type; of a string's, one of each format. */
const samples: Record<string, unknown> = {
  uuid: exampleId,
  'date-time': '2023-11-07T05:31:56Z',
  string: 'Some text',
  null: null,
  integer: 7,
  number: 7.5,
  boolean: true,
  array: [],
  object: {},
};

/** The samples that a field's schema allows: by its formats, else by its types. */
function allowed(schema: unknown): readonly string[] {
  return alternativesOf(schema, resolve).map(({ type, format }) => format ?? type);
}

/** `created_at` is `createdAt` to the rest of the gateway. */
const renamed = (field: string) => field.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

const decode = (json: unknown) => getCustomerPersona.decode(json, { persona_id: exampleId });

test('the decoder knows the contract’s fields and no others', () => {
  const decoded = decode(Object.fromEntries(fields.map(([field]) => [field, null])));
  expect(decoded.ok ? Object.keys(decoded.value ?? {}).toSorted() : []).toEqual(
    fields.map(([field]) => renamed(field)).toSorted(),
  );
});

describe.each(fields)('%s', (field, schema) => {
  test('is decoded', () => {
    for (const kind of allowed(schema)) {
      // An id that is null is the one that was asked for.
      const value = field === 'id' ? exampleId : samples[kind];
      const decoded = decode({ [field]: samples[kind] });
      expect(decoded).toMatchObject({ ok: true, value: { [renamed(field)]: value } });
    }
  });

  test('may be missing', () => {
    const others = fields.filter(([other]) => other !== field).map(([other]) => [other, null]);
    expect(decode(Object.fromEntries(others))).toMatchObject({ ok: true });
  });

  test('of the wrong type is never decoded as it is', () => {
    const isText = allowed(schema).includes('string');
    for (const [kind, value] of Object.entries(samples)) {
      if (allowed(schema).includes(kind) || (isText && typeof value === 'string')) continue;
      const decoded = decode({ [field]: value });
      const result = decoded.ok ? decoded.value?.[renamed(field) as keyof CustomerPersona] : decoded.reason;
      // Without its id a persona cannot be used; any other field is an error in its own place.
      expect(result).toEqual(field === 'id' ? 'wrong_shape' : unusable);
    }
  });
});

const unusable = new UpstreamError(
  { kind: 'invalid_response', reason: 'unusable_value' },
  { service: 'bluejay', operation: 'getCustomerPersona', status: 200 },
);
