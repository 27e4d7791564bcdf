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
import { bluejayDocument } from './published.ts';

const setScheme = (scheme: unknown) => (document: Document) => {
  document.components['securitySchemes'] = { Key: scheme };
  getById(document).security = [{ Key: [] }];
};
const unknownKey = `GET ${byId}: asks for Key, but no security scheme says what that is`;
const agentSchema = { anyOf: [{ type: 'string' }, { $ref: '#/components/schemas/Nothing' }] };

test.each<[string, (document: Document) => void, string[]]>([
  [
    'a requirement of a scheme that is declared nowhere',
    (d) => {
      getById(d).security = [{ Key: [] }];
    },
    [unknownKey],
  ],
  [
    'a requirement of such a scheme where no parameter is the key either',
    (d) => {
      getById(d).security = [{ Key: [] }];
      getById(d).parameters.splice(1, 1);
    },
    [unknownKey],
  ],
  [
    'a requirement of such a scheme beside one that is met',
    (d) => {
      setScheme({ type: 'apiKey', in: 'header', name: 'X-API-Key' })(d);
      getById(d).security = [{ Nowhere: [], Key: [] }];
    },
    [`GET ${byId}: asks for Nowhere, but no security scheme says what that is`],
  ],
  ['a scheme of an unknown type', setScheme({ type: 'apikey', in: 'header' }), [unknownKey]],
  ['a scheme without a name', setScheme({ type: 'apiKey', in: 'header' }), [unknownKey]],
  ['a scheme in an unknown place', setScheme({ type: 'apiKey', in: 'body', name: 'key' }), [unknownKey]],
  [
    'a scheme that refers to nothing',
    setScheme({ $ref: '#/components/securitySchemes/Nothing' }),
    [`GET ${byId}: refers to #/components/securitySchemes/Nothing, which the document lacks`, unknownKey],
  ],
  [
    'no credentials, and a key that must be sent',
    (d) => {
      getById(d).security = [];
    },
    [`GET ${byId} header X-API-Key: is required, although \`security\` asks for no credentials`],
  ],
  [
    'a field that refers to nothing',
    setField('id', { $ref: '#/components/schemas/Nothing' }),
    [`GET ${byId} 200.id: refers to #/components/schemas/Nothing, which the document lacks`],
  ],
  [
    'a reference that is no pointer',
    setField('id', { $ref: '#/components/%zz' }),
    [`GET ${byId} 200.id: refers to #/components/%zz, which the document lacks`],
  ],
  [
    'a schema that refers to itself',
    (d) => {
      d.components['schemas'].CustomerPersona = { $ref: '#/components/schemas/CustomerPersona' };
    },
    [
      `GET ${byId} 200: #/components/schemas/CustomerPersona refers to itself`,
      `GET ${byAgent} 200[]: #/components/schemas/CustomerPersona refers to itself`,
    ],
  ],
  [
    'a schema that consists of itself',
    (d) => {
      d.components['schemas'].Id = { anyOf: [{ type: 'null' }, { $ref: '#/components/schemas/Id' }] };
      setField('id', { $ref: '#/components/schemas/Id' })(d);
    },
    [`GET ${byId} 200.id: consists of itself: #/components/schemas/Id`],
  ],
  [
    'types that contradict each other',
    setField('id', { allOf: [{ type: 'string' }, { type: 'integer' }] }),
    [`GET ${byId} 200.id: combines two different type, which this check cannot follow: compare it by hand`],
  ],
  [
    'two choices at once',
    setField('id', { anyOf: [{ type: 'string' }], oneOf: [{ type: 'string' }] }),
    [`GET ${byId} 200.id: combines anyOf and oneOf, which this check cannot follow: compare it by hand`],
  ],
  [
    'a schema that is none',
    setField('id', 'string'),
    [`GET ${byId} 200.id: has a schema that is "string", not an object`],
  ],
  [
    'a type that does not exist',
    setField('id', { type: 'uuid' }),
    [`GET ${byId} 200.id: has the type uuid, which JSON Schema lacks`],
  ],
  [
    'a field that is required and declared nowhere',
    (d) => {
      persona(d).required = ['goal', 'goal'];
      delete persona(d).properties.goal;
    },
    [`GET ${byId} 200.goal: is required, but declared nowhere`],
  ],
  [
    'a parameter that refers to nothing',
    setParameter(0, { $ref: '#/components/parameters/Nothing' }),
    [`GET ${byId}: refers to #/components/parameters/Nothing, which the document lacks`],
  ],
  [
    'a parameter without a name',
    setParameter(1, { in: 'header', required: true }),
    [`GET ${byId}: has a parameter without a name or a place`],
  ],
  [
    'a parameter of which one part refers to nothing',
    (d) => {
      d.paths[byAgent].get.parameters[0].schema = agentSchema;
    },
    [`GET ${byAgent} path agent_id: refers to #/components/schemas/Nothing, which the document lacks`],
  ],
  [
    'a parameter that is declared twice, of which one fits',
    (d) => {
      const { parameters } = getById(d);
      parameters.push({ ...parameters[0], schema: { type: 'integer' } }, { name: 'x', in: 'query' });
      parameters.push({ name: 'x', in: 'query', required: true });
    },
    [`GET ${byId} path persona_id: is declared twice`, `GET ${byId} query x: is declared twice`],
  ],
  [
    'a path parameter that is declared nowhere',
    (d) => void getById(d).parameters.shift(),
    [`GET ${byId} path persona_id: is declared nowhere`],
  ],
  [
    'a path parameter that is not in the path',
    setParameter(2, { name: 'org_id', in: 'path', required: true, schema: { type: 'string' } }),
    [`GET ${byId} path org_id: is not in the path ${byId}`],
  ],
  [
    'a path whose parameter has another name',
    (d) => {
      d.paths['/v1/customer-persona/{id}'] = d.paths[byId];
      delete d.paths[byId];
    },
    [
      `GET ${byId} path id: is declared nowhere`,
      `GET ${byId} path persona_id: is not in the path /v1/customer-persona/{id}`,
    ],
  ],
  [
    'a body that refers to nothing',
    (d) => {
      getById(d).requestBody = { $ref: '#/components/requestBodies/Nothing' };
    },
    [`GET ${byId}: refers to #/components/requestBodies/Nothing, which the document lacks`],
  ],
  [
    'an answer that refers to nothing',
    (d) => {
      getById(d).responses['200'] = { $ref: '#/components/responses/Nothing' };
    },
    [`GET ${byId} 200: refers to #/components/responses/Nothing, which the document lacks`],
  ],
  [
    'an answer that is nothing',
    (d) => {
      getById(d).responses['200'] = null;
    },
    [`GET ${byId} 200: is declared, but as nothing`],
  ],
  [
    'a path that stands there under several names, each with other methods',
    (d) => {
      const { [byId]: item } = d.paths;
      Object.assign(d.paths, {
        [byId]: { patch: { responses: {} } },
        '/v1/customer-persona/{id}': { delete: { responses: {} } },
        '/v1/customer-persona/{other_id}': item,
      });
    },
    [
      `GET ${byId} path other_id: is declared nowhere`,
      `GET ${byId} path persona_id: is not in the path /v1/customer-persona/{other_id}`,
    ],
  ],
  ['a call without answers', (d) => delete getById(d).responses, [`GET ${byId}: declares no responses`]],
  [
    'a path that refers to nothing',
    (d) => {
      d.paths[byId] = { $ref: '#/components/pathItems/Nothing' };
    },
    [`GET ${byId}: refers to #/components/pathItems/Nothing, which the document lacks`],
  ],
])('%s is a warning', (_name, change, expected) => {
  const lines = differencesAfter(change).filter((line) => !line.startsWith('harmless'));
  expect(lines).toEqual(expected.map((line) => `uncheckable: ${line}`));
});

test('what can be checked beside it is checked', () => {
  const document = bluejayDocument();
  document.paths[byId].get.parameters.push({ name: 'version', in: 'query', required: true });
  setField('id', { $ref: '#/components/schemas/Nothing' })(document);
  delete persona(document).properties.goal;
  const broken = compareContract(contract, document).filter(({ kind }) => kind === 'breaking');
  expect(broken.map(({ where, what }) => `${where}: ${what}`)).toEqual([
    `GET ${byId} query version: is a new required parameter`,
    `GET ${byId} 200.goal: is gone`,
    `GET ${byAgent} 200[].goal: is gone`,
  ]);
});

test('a parameter that is declared twice, of which neither fits, breaks the contract', () => {
  const lines = differencesAfter((d) => {
    const [id] = getById(d).parameters;
    getById(d).parameters.push({ ...id, schema: { type: 'number' } });
    id.schema = { type: 'integer' };
  });
  expect(lines).toEqual([
    `uncheckable: GET ${byId} path persona_id: is declared twice`,
    `breaking: GET ${byId} path persona_id: takes integer or number, and string is sent`,
  ]);
});
