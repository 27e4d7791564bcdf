import { expect, test } from 'vitest';
import { checkEndpoints } from '../../contract/check-endpoints.ts';
import { createDocument, loadDocument } from '../../contract/document.ts';
import type { Node } from '../../contract/document.ts';
import { apply } from '../../contract/samples.ts';
import { createPersonaDecoder } from '../../src/datasources/bluejay/customer-persona.ts';
import { endpoints as all } from '../../src/datasources/bluejay/index.ts';
import { credential, errorDialect } from '../../src/datasources/bluejay/service.ts';
import { bodyOf, defineEndpoint } from '../../src/datasources/upstream/endpoint.ts';

/** What is true of the answers of reads is true of those of writes. */
const declared = all.filter(({ method }) => method === 'GET');
const { root } = await loadDocument('contract/bluejay.openapi.yaml');

/** Places of the document. */
const byId = '/v1/customer-persona/{persona_id}';
const byAgent = '/v1/customer-personas-by-agent/{agent_id}';
const call = ['paths', byId, 'get'];
const answer = [...call, 'responses', '200'];
const list = ['paths', byAgent, 'get', 'responses', '200', 'content', 'application/json', 'schema'];
const components = (kind: string) => ['components', kind];
const schema = (name: string) => [...components('schemas'), name];
const field = (name: string) => [...schema('CustomerPersona'), 'properties', name];
const idParameter = [...components('parameters'), 'PersonaId'];

/** A place, and what is put there instead: undefined leaves it out. */
type Put = readonly [path: readonly string[], value?: unknown];

/** What the check finds after changes of the published document. */
function findingsAfter(
  puts: readonly Put[],
  endpoints: Parameters<typeof checkEndpoints>[0]['endpoints'] = declared,
) {
  const changed = puts.reduce<unknown>((document, [path, value]) => apply(document, { path, value }), root);
  const findings: string[] = [];
  checkEndpoints(
    { endpoints, credential, errorDialect },
    createDocument(changed as Node),
    (kind, where, what) => {
      findings.push(`${kind} ${where}: ${what}`);
    },
  );
  return findings;
}

const text = { type: 'string' };
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const bearer: Put = [[...components('securitySchemes'), 'Bearer'], { type: 'http', scheme: 'bearer' }];
const asks = 'asks for credentials that the gateway does not send';
const sent = 'and "3f2b8c1e-5d47-4a90-8e6b-1c9d0a7f2e35" is sent';
const renamed = {
  get: { ...Object(root['paths'])[byId].get, parameters: [{ in: 'path', name: 'id', schema: text }] },
};

test.each<[what: string, finding: string, ...puts: Put[]]>([
  ['a path that is gone', ': is gone', [['paths', byId]]],
  ['a method that is gone', ': is gone', [call]],
  [
    'a parameter of another name',
    ' path persona_id: is called id',
    [['paths'], { '/v1/customer-persona/{id}': renamed }],
  ],
  ['an id of another type', sent, [[...idParameter, 'schema', 'type'], 'integer']],
  [
    'an id of another format',
    ', so "not-a-uuid" is not malformed',
    [[...idParameter, 'schema', 'format'], 'ulid'],
  ],
  [
    'a new required parameter',
    ' query v: is a new required parameter',
    [[...call, 'parameters'], [{ in: 'query', name: 'v', required: true }]],
  ],
  [
    'a new required header',
    ' header x-org: is a new required',
    [[...call, 'parameters'], [{ in: 'header', name: 'X-Org', required: true }]],
  ],
  [
    'a body that must be sent',
    ' body: must be sent, and none is',
    [[...call, 'requestBody'], { required: true }],
  ],
  ['other credentials', `: ${asks}: Bearer`, bearer, [[...call, 'security'], [{ Bearer: [] }]]],
  [
    'more credentials',
    `: ${asks}: apiKeyAuth with Bearer`,
    bearer,
    [[...call, 'security'], [{ apiKeyAuth: [], Bearer: [] }]],
  ],
  [
    'a key elsewhere',
    ' header x-api-key: is gone',
    [['security']],
    [[...components('parameters'), 'ApiKey', 'in'], 'query'],
  ],
  [
    'an answer that is not JSON',
    ' 200: is gone, or is not application/json',
    [answer, { content: { 'text/html': {} } }],
  ],
  ['another success', ' 202: is a new answer', [[...call, 'responses', '202'], { description: 'Later' }]],
  ['a field that is gone', ' 200.goal: is gone, and the gateway reads it', [field('goal')]],
  [
    'a field of another type',
    ' 200.name: may be 0 (invalid_response: unusable_value), 7 (',
    [field('name'), { anyOf: [{ type: 'null' }, { type: 'integer' }] }],
  ],
  [
    'a field with another alternative',
    ' 200.name: may be {"text":""}',
    [
      field('name'),
      { oneOf: [text, { type: 'object', required: ['text'], properties: { text: { const: '' } } }] },
    ],
  ],
  ['a field of any type', ' 200.goal: may be 7 (', [field('goal'), {}]],
  ['a field without its format', ' 200.org_id: may be "string" (', [field('org_id'), text]],
  [
    'a date without its time',
    ' 200.created_at: may be "2019-08-24" (',
    [[...field('created_at'), 'format'], 'date'],
  ],
  [
    'an id in the answer that is a number',
    ' 200.id: may be 0 (wrong_shape)',
    [field('id'), { type: 'integer' }],
  ],
  [
    'an error of another shape',
    ' 422: no longer says which argument is wrong',
    [schema('HTTPValidationError'), { type: 'object' }],
  ],
  [
    'an error with another place',
    ' 422: no longer says which argument is wrong',
    [[...schema('ValidationError'), 'properties', 'loc', 'items'], { type: 'object' }],
  ],
])('%s breaks the contract', (_what, finding, ...puts) => {
  const breaking = findingsAfter(puts).filter((line) => line.startsWith(`breaking GET ${byId}`));
  expect(breaking.join('\n')).toContain(finding);
});

const leftOut = `harmless GET ${byAgent} 200[].id: may be null (left out of the list), missing (left out of the list)`;

test('a list that became a page, or lost a field, breaks the contract', () => {
  const page: Put = [list, { type: 'object', properties: { items: { type: 'array' } } }];
  expect(findingsAfter([page])[0]).toBe(`breaking GET ${byAgent} 200: may be {"items":[]} (wrong_shape)`);
  expect(findingsAfter([[field('goal')]])).toContain(
    `breaking GET ${byAgent} 200[].goal: is gone, and the gateway reads it`,
  );
});

test.each<[what: string, findings: string[], ...puts: Put[]]>([
  ['the document that Bluejay publishes', []],
  [
    'a new field',
    ['harmless 200.voice: is a new field'],
    [field('voice'), { type: 'object', properties: { pitch: text } }],
  ],
  [
    'a field that holds a persona',
    ['harmless 200.parent: is a new field'],
    [field('parent'), ref('CustomerPersona')],
  ],
  ['a call that is deprecated', ['harmless is deprecated'], [[...call, 'deprecated'], true]],
  ['OpenAPI 3.0’s nullable', [], [field('name'), { type: 'string', nullable: true }]],
  [
    'references and allOf',
    [],
    [schema('Name'), ref('a~1b')],
    [schema('a/b'), text],
    [field('name'), { allOf: [ref('Name'), { minLength: 3 }] }],
  ],
  [
    'an answer for all successes',
    [],
    [[...call, 'responses', '2XX'], Object(root['paths'])[byId].get.responses[200]],
    [answer],
  ],
  [
    'the key as one of the security schemes',
    [],
    bearer,
    [['paths', byId, 'parameters', '1']],
    [
      [...call, 'security'],
      [{ Bearer: [] }, { apiKeyAuth: [] }],
    ],
  ],
  [
    'a path under two names',
    [],
    [['paths'], { '/v1/customer-persona/{id}': { head: {} }, ...Object(root['paths']) }],
  ],
  [
    'a scheme declared nowhere, as Bluejay has it',
    ['warning asks for HTTPBearer, but no security scheme says what that is'],
    [[...call, 'security'], [{ HTTPBearer: [] }]],
  ],
  [
    'a parameter declared nowhere',
    ['warning path persona_id: is declared nowhere'],
    [['paths', byId, 'parameters', '0']],
  ],
  [
    'a reference to nothing',
    ['warning 200: #/components/responses/Nothing leads nowhere'],
    [answer, { $ref: '#/components/responses/Nothing' }],
  ],
])('%s does not break the contract', (_what, findings, ...puts) => {
  const lines = findingsAfter(puts).filter((line) => !line.includes(byAgent));
  expect(lines.map((line) => line.replace(/ GET \S+?}:? /, ' '))).toEqual(findings);
});

test.each([
  ['refers to nothing', ref('Nothing')],
  ['refers to itself', ref('Loop')],
  ['consists of itself', ref('Choice')],
  ['allows nothing', { ...text, const: 7 }],
  ['is none', { type: 'uuid' }],
])('a schema that %s is a warning, and the rest is checked', (_what, wrong) => {
  const findings = findingsAfter([
    [schema('Loop'), ref('Loop')],
    [schema('Choice'), { anyOf: [{ type: 'null' }, ref('Choice')] }],
    [answer, { content: { 'application/json': { schema: wrong } } }],
    [field('goal')],
  ]);
  expect(findings).toEqual([
    expect.stringContaining(`warning GET ${byId} 200: `),
    leftOut,
    `breaking GET ${byAgent} 200[].goal: is gone, and the gateway reads it`,
  ]);
});

const decodePersona = createPersonaDecoder('createCustomerPersona');
const create = defineEndpoint({
  operation: 'createCustomerPersona',
  method: 'POST',
  path: '/v1/create-customer-persona',
  idempotent: false,
  body: bodyOf<{ name: string; description: string; goal: string; agent_id: number | null }>(),
  decode(json) {
    const value = decodePersona(json);
    return value === undefined ? { ok: false, reason: 'wrong_shape' } : { ok: true, value };
  },
  examples: [7, null].map((agent) => ({
    body: { name: 'Ann', description: 'Asks', goal: 'Know', agent_id: agent },
  })),
});
const body = ['paths', create.path, 'post', 'requestBody', 'content', 'application/json', 'schema'];

test.each<[what: string, agentsRefused: unknown[], put: Put]>([
  ['with a new optional field', [], [[...body, 'properties', 'voice'], text]],
  ['with a new required field', [7, null], [[...body, 'required'], ['voice']]],
  ['with an optional field that is gone', [7, null], [[...body, 'properties', 'agent_id']]],
  ['with a field that is no longer null', [null], [[...body, 'properties', 'agent_id', 'type'], 'integer']],
  [
    'that is no longer JSON',
    [7, null],
    [['paths', create.path, 'post', 'requestBody', 'content'], { 'text/plain': {} }],
  ],
])('a body %s', (_what, agentsRefused, put) => {
  const lines = findingsAfter([put], [create]).filter((line) => line.includes(' body: '));
  const shown = (agent: unknown) =>
    `{"name":"Ann","description":"Asks","goal":"Know","agent_id":${String(agent)}}`;
  expect(lines).toEqual(
    agentsRefused.map((agent) => `breaking POST ${create.path} body: is not taken: ${shown(agent)}`),
  );
});

test('a null or missing value that the decoder refuses is a warning: documents allow more than APIs do', () => {
  expect(findingsAfter([], [create])).toEqual([
    `warning POST ${create.path} 200.id: may be null (wrong_shape), missing (wrong_shape)`,
  ]);
});

test('a decoder that takes a value for null, and an endpoint without examples', () => {
  const { examples: _, ...other } = create;
  const decode = (json: unknown) => {
    const { name } = json as Node;
    return { ok: true as const, value: { name: typeof name === 'string' ? name : null } };
  };
  const findings = findingsAfter(
    [
      [
        [...field('name'), 'type'],
        ['string', 'number', 'null'],
      ],
    ],
    [{ ...other, decode }],
  );
  expect(findings.filter((line) => !line.startsWith('harmless'))).toEqual([
    `warning POST ${create.path}: has no \`examples\`, so what is sent is not checked`,
    `breaking POST ${create.path} 200.name: may be 7 (taken for null), 7.5 (taken for null)`,
  ]);
});
