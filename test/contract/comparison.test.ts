import { expect, test } from 'vitest';
import { compareContract } from '../../contract/compare-contract.ts';
import { loadDocument } from '../../contract/load-document.ts';
import { publishedDocument } from './published.ts';

const contract = await loadDocument('contract/bluejay.openapi.yaml');

const byId = '/v1/customer-persona/{persona_id}';
const byAgent = '/v1/customer-personas-by-agent/{agent_id}';
type Document = ReturnType<typeof publishedDocument>;

/** The differences after a change of the published document, a line each. */
function differencesAfter(change: (document: Document) => void): string[] {
  const document = publishedDocument();
  change(document);
  return (
    compareContract(contract, document)
      .map(({ isBreaking, where, what }) => `${isBreaking ? 'breaking' : 'harmless'}: ${where}: ${what}`)
      // Both calls answer with the same schemas: what is true of one is true of the other.
      .filter((line) => !line.includes(byAgent) || !line.match(/ 200\[\]\.| 422\./))
  );
}

const persona = (document: Document) => document.components['schemas'].CustomerPersona;
const setField = (name: string, schema: unknown) => (document: Document) => {
  persona(document).properties[name] = schema;
};
const getById = (document: Document) => document.paths[byId].get;
const setParameter = (index: number, parameter: unknown) => (document: Document) => {
  getById(document).parameters[index] = parameter;
};

test('the document that FastAPI would publish has no difference', () => {
  expect(compareContract(contract, publishedDocument())).toEqual([]);
});

test('the contract has no difference from itself', () => {
  expect(compareContract(contract, contract)).toEqual([]);
});

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
      d.components['securitySchemes'] = { Bearer: { type: 'http', scheme: 'bearer' } };
      Object.assign(d, { security: [{ Bearer: [] }] });
      getById(d).security = [];
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
])('%s breaks the contract', (_name, change, expected) => {
  expect(differencesAfter(change)).toEqual(expected.map((line) => `breaking: ${line}`));
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

test.each<[string, (document: Document) => void, string]>([
  [
    'a reference to nothing',
    setField('id', { $ref: '#/components/schemas/Nothing' }),
    'The document refers to #/components/schemas/Nothing, which it lacks.',
  ],
  [
    'a reference to another document',
    setField('id', { $ref: 'other.yaml#/Id' }),
    'The document refers to another one, other.yaml#/Id: bundle them into one file first.',
  ],
  [
    'a reference to itself',
    (d) => {
      d.components['schemas'].CustomerPersona = { $ref: '#/components/schemas/CustomerPersona' };
    },
    '#/components/schemas/CustomerPersona refers to itself.',
  ],
  [
    'a schema that consists of itself',
    (d) => {
      d.components['schemas'].Id = { anyOf: [{ type: 'null' }, { $ref: '#/components/schemas/Id' }] };
      setField('id', { $ref: '#/components/schemas/Id' })(d);
    },
    'The schema #/components/schemas/Id consists of itself.',
  ],
  [
    'types that contradict each other',
    setField('id', { allOf: [{ type: 'string' }, { type: 'integer' }] }),
    'A schema combines two different type, which this check cannot follow: compare it by hand.',
  ],
  [
    'two choices at once',
    setField('id', { anyOf: [{ type: 'string' }], oneOf: [{ type: 'string' }] }),
    'A schema combines anyOf and oneOf, which this check cannot follow: compare it by hand.',
  ],
  ['a schema that is none', setField('id', 'string'), 'A schema is "string", not an object.'],
  [
    'no paths',
    (d) => {
      Reflect.deleteProperty(d, 'paths');
    },
    'The document has no paths.',
  ],
])('%s cannot be compared', (_name, change, message) => {
  expect(() => differencesAfter(change)).toThrow(message);
});
