import { expect, test } from 'vitest';
import { compareContract } from '../../contract/compare-contract.ts';
import {
  byAgent,
  byId,
  contract,
  differencesAfter,
  getById,
  persona,
  setField,
  setParameter,
} from './changes.ts';
import type { Document } from './changes.ts';
import { publishedDocument } from './published.ts';

test('the document that FastAPI would publish has no difference', () => {
  expect(compareContract(contract, publishedDocument())).toEqual([]);
});

test('the contract has no difference from itself', () => {
  expect(compareContract(contract, contract)).toEqual([]);
});

test.each<[string, (document: Document) => void, string[]]>([
  ['a new field', setField('voice', { type: 'string' }), [`GET ${byId} 200.voice: is a new field`]],
  [
    'a field that holds another persona',
    setField('parent', { $ref: '#/components/schemas/CustomerPersona' }),
    [`GET ${byId} 200.parent: is a new field`],
  ],
  [
    'a field that is no longer null',
    setField('id', { type: 'string', format: 'uuid' }),
    [`GET ${byId} 200.id: is never null any more`],
  ],
  [
    'a field that is always there',
    (d) => {
      persona(d).required = ['id'];
    },
    [],
  ],
  [
    'a field with a format',
    setField('name', { type: ['string', 'null'], format: 'email' }),
    [`GET ${byId} 200.name: has the format email`],
  ],
  [
    'a new optional parameter',
    setParameter(2, { name: 'expand', in: 'query', schema: { type: 'string' } }),
    [`GET ${byId} query expand: is a new parameter`],
  ],
  [
    'a parameter that takes more',
    setParameter(0, {
      name: 'persona_id',
      in: 'path',
      required: true,
      schema: { anyOf: [{ type: 'integer' }, { type: 'string', format: 'uri' }, { type: 'string' }] },
    }),
    [],
  ],
  [
    'a number where an integer is sent',
    (d) => {
      d.paths[byAgent].get.parameters[0].schema = { type: 'number' };
    },
    [],
  ],
  [
    'another error',
    (d) => {
      getById(d).responses['404'] = { description: 'Not found' };
    },
    [`GET ${byId} 404: is a new answer`],
  ],
  [
    'a call that is deprecated',
    (d) => {
      getById(d).deprecated = true;
    },
    [`GET ${byId}: is deprecated`],
  ],
  [
    'an answer described for all successes',
    (d) => {
      const { responses } = getById(d);
      responses['2XX'] = responses['200'];
      delete responses['200'];
    },
    [],
  ],
  [
    'the key as a security scheme',
    (d) => {
      d.components['securitySchemes'] = {
        Key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        Bearer: { type: 'http', scheme: 'bearer' },
      };
      getById(d).security = [{ Bearer: [] }, { Key: [] }];
      getById(d).parameters.splice(1, 1);
    },
    [],
  ],
])('%s is harmless', (_name, change, expected) => {
  expect(differencesAfter(change)).toEqual(expected.map((line) => `harmless: ${line}`));
});
