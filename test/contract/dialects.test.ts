import { expect, test } from 'vitest';
import { differencesAfter, getById, persona, setField } from './changes.ts';
import type { Document } from './changes.ts';

test.each<[string, (document: Document) => void]>([
  ['type: [x, "null"]', setField('id', { type: ['string', 'null'], format: 'uuid' })],
  ['OpenAPI 3.0’s nullable', setField('id', { type: 'string', format: 'uuid', nullable: true })],
  [
    'OpenAPI 3.0’s nullable beside anyOf',
    setField('id', { nullable: true, anyOf: [{ type: 'string', format: 'uuid' }] }),
  ],
  ['an enumeration without a type', setField('name', { enum: ['Ann', 'Bob', null] })],
  [
    'a list without a type',
    (d) => {
      delete d.components['schemas'].HTTPValidationError.properties.detail.type;
    },
  ],
  [
    'OpenAPI 3.0’s nullable beside one reference in allOf',
    (d) => {
      d.components['schemas'].Id = { type: 'string', format: 'uuid' };
      setField('id', { allOf: [{ $ref: '#/components/schemas/Id' }], nullable: true })(d);
    },
  ],
  [
    'oneOf with a reference to a reference',
    (d) => {
      d.components['schemas'].Id = { $ref: '#/components/schemas/a~1b' };
      d.components['schemas']['a/b'] = { type: 'string', format: 'uuid' };
      setField('id', { oneOf: [{ $ref: '#/components/schemas/Id' }, { type: 'null' }] })(d);
    },
  ],
  [
    'a persona in two parts',
    (d) => {
      const { id, ...properties } = persona(d).properties;
      d.components['schemas'].Base = { type: 'object', properties: { id } };
      d.components['schemas'].CustomerPersona = {
        allOf: [{ $ref: '#/components/schemas/Base' }, { properties }],
        description: 'A persona',
      };
    },
  ],
  [
    'parameters and answers by reference',
    (d) => {
      const { parameters, responses } = getById(d);
      d.components['parameters'] = { Id: parameters[0] };
      d.components['responses'] = { Invalid: responses['422'] };
      parameters[0] = { $ref: '#/components/parameters/Id' };
      responses['422'] = { $ref: '#/components/responses/Invalid' };
    },
  ],
])('%s is understood', (_name, change) => {
  expect(differencesAfter(change)).toEqual([]);
});

test('a document that lies in several files cannot be compared', () => {
  expect(() => differencesAfter(setField('id', { $ref: 'other.yaml#/Id' }))).toThrow(
    'The document refers to another one, other.yaml#/Id: bundle them into one file first.',
  );
});

test('a document without paths cannot be compared', () => {
  expect(() => differencesAfter((d) => Reflect.deleteProperty(d, 'paths'))).toThrow(
    'The document has no paths.',
  );
});
