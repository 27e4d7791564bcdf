import { expect, test } from 'vitest';
import { byAgent, byId, differencesAfter, getById, persona, setField, setParameter } from './changes.ts';
import type { Document } from './changes.ts';

test.each<[string, (document: Document) => void, string[]]>([
  ['a path that is gone', (d) => delete d.paths[byAgent], [`GET ${byAgent}: is gone`]],
  ['a method that is gone', (d) => delete d.paths[byId].get, [`GET ${byId}: is gone`]],
  ['a field that is gone', (d) => delete persona(d).properties.goal, [`GET ${byId} 200.goal: is gone`]],
  [
    'a field of another type',
    setField('name', { anyOf: [{ type: 'integer' }, { type: 'null' }] }),
    [`GET ${byId} 200.name: may be integer, expected string or null`],
  ],
  [
    'a field that may be of another type too',
    setField('name', { type: ['string', 'array'] }),
    [`GET ${byId} 200.name: may be array, expected string or null`],
  ],
  [
    'a field of any type',
    setField('name', {}),
    [`GET ${byId} 200.name: may be anything, expected string or null`],
  ],
  [
    'a field of another format',
    setField('created_at', { type: ['string', 'null'], format: 'date' }),
    [`GET ${byId} 200.created_at: has the format date, expected date-time`],
  ],
  [
    'a field of one value of another type',
    setField('name', { const: 7 }),
    [`GET ${byId} 200.name: may be integer, expected string or null`],
  ],
  [
    'a field without its format',
    setField('org_id', { anyOf: [{ type: 'string' }, { type: 'null' }] }),
    [`GET ${byId} 200.org_id: no longer has the format uuid`],
  ],
  [
    'an answer of another shape',
    (d) => {
      getById(d).responses['200'].content['application/json'].schema = {
        type: 'array',
        items: { $ref: '#/components/schemas/CustomerPersona' },
      };
    },
    [`GET ${byId} 200: may be array, expected object`],
  ],
  [
    'a list that became a page',
    (d) => {
      d.paths[byAgent].get.responses['200'].content['application/json'].schema = {
        type: 'object',
        properties: { items: { type: 'array' } },
      };
    },
    [`GET ${byAgent} 200: may be object, expected array`],
  ],
  [
    'a null in a list',
    (d) => {
      const { schema } = d.paths[byAgent].get.responses['200'].content['application/json'];
      schema.items = { anyOf: [schema.items, { type: 'null' }] };
    },
    [`GET ${byAgent} 200[]: may be null, expected object`],
  ],
  [
    'an answer that is not JSON',
    (d) => {
      getById(d).responses['200'].content = { 'text/html': {} };
    },
    [`GET ${byId} 200: is no longer application/json`],
  ],
  ['an answer that is gone', (d) => delete getById(d).responses['200'], [`GET ${byId} 200: is gone`]],
  [
    'another success',
    (d) => {
      getById(d).responses['202'] = { description: 'Later' };
    },
    [`GET ${byId} 202: is a new answer that the gateway cannot use`],
  ],
  [
    'another shape of error',
    (d) => {
      d.components['schemas'].HTTPValidationError = {
        type: 'object',
        additionalProperties: { type: 'string' },
      };
    },
    [`GET ${byId} 422.detail: is gone`],
  ],
  [
    'an error without its place',
    (d) => {
      d.components['schemas'].ValidationError.required = ['msg', 'type'];
    },
    [`GET ${byId} 422.detail[].loc: may be missing, expected always`],
  ],
  [
    'an error whose place has another form',
    (d) => {
      d.components['schemas'].ValidationError.properties.loc.items = { type: 'object' };
    },
    [`GET ${byId} 422.detail[].loc[]: may be object, expected string or integer`],
  ],
  [
    'a parameter of another type',
    setParameter(0, { name: 'persona_id', in: 'path', required: true, schema: { type: 'integer' } }),
    [`GET ${byId} path persona_id: takes integer, and string is sent`],
  ],
  [
    'a parameter of another format',
    setParameter(0, {
      name: 'persona_id',
      in: 'path',
      required: true,
      schema: { type: 'string', format: 'uuid4', pattern: '^p' },
    }),
    [
      `GET ${byId} path persona_id: must have the format uuid4`,
      `GET ${byId} path persona_id: is limited by pattern "^p"`,
    ],
  ],
  [
    'a parameter in another place',
    setParameter(1, { name: 'X-API-Key', in: 'query', required: true, schema: { type: 'string' } }),
    [`GET ${byId} header X-API-Key: is gone`, `GET ${byId} query X-API-Key: is a new required parameter`],
  ],
  [
    'a parameter of another name',
    (d) => {
      d.paths['/v1/customer-persona/{id}'] = d.paths[byId];
      delete d.paths[byId];
      d.paths['/v1/customer-persona/{id}'].get.parameters[0].name = 'id';
    },
    [`GET ${byId} path persona_id: is gone`, `GET ${byId} path id: is a new required parameter`],
  ],
  [
    'a new required parameter',
    setParameter(2, { name: 'version', in: 'query', required: true, schema: { type: 'string' } }),
    [`GET ${byId} query version: is a new required parameter`],
  ],
  [
    'a new required parameter of the whole path',
    (d) => {
      d.paths[byId].parameters = [{ name: 'X-Org', in: 'header', required: true, schema: {} }];
    },
    [`GET ${byId} header X-Org: is a new required parameter`],
  ],
  [
    'a body that must be sent',
    (d) => {
      getById(d).requestBody = { required: true };
    },
    [`GET ${byId}: must be sent with a body`],
  ],
  [
    'other credentials besides',
    (d) => {
      d.components['securitySchemes'] = {
        Key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        Bearer: { type: 'http', scheme: 'bearer' },
      };
      getById(d).security = [{ Key: [], Bearer: [] }];
    },
    [`GET ${byId}: asks for credentials that the gateway does not send: Key with Bearer`],
  ],
  [
    'other credentials for all calls',
    (d) => {
      d.components['securitySchemes'] = {
        Key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        Bearer: { type: 'http', scheme: 'bearer' },
      };
      Object.assign(d, { security: [{ Bearer: [] }] });
      getById(d).security = [{ Key: [] }];
    },
    [`GET ${byAgent}: asks for credentials that the gateway does not send: Bearer`],
  ],
  [
    'other credentials',
    (d) => {
      d.components['securitySchemes'] = { Bearer: { type: 'http', scheme: 'bearer' } };
      getById(d).security = [{ Bearer: [] }];
    },
    [`GET ${byId}: asks for credentials that the gateway does not send: Bearer`],
  ],
  [
    'other credentials besides ones that are declared nowhere',
    (d) => {
      d.components['securitySchemes'] = { Bearer: { type: 'http', scheme: 'bearer' } };
      getById(d).security = [{ Bearer: [], Nowhere: [] }];
    },
    [`GET ${byId}: asks for credentials that the gateway does not send: Bearer with Nowhere`],
  ],
])('%s breaks the contract', (_name, change, expected) => {
  expect(differencesAfter(change)).toEqual(expected.map((line) => `breaking: ${line}`));
});
