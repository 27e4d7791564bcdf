import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, onTestFinished, test } from 'vitest';
import { loadDocument } from '../../contract/load-document.ts';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { isObject } from '../../src/shared/is-object.ts';
import { createSandbox, organisations } from '../../src/sandbox/index.ts';
import { clinic, exampleId, startGateway } from '../support/gateway.ts';

const contract = await loadDocument('contract/bluejay.openapi.yaml');
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addFormat('uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
// RFC 3339, but for the zone, which Pydantic leaves out of a date-time that has none.
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/);
ajv.addSchema(contract, 'contract');

const paths = isObject(contract['paths']) ? Object.keys(contract['paths']) : [];

/** The path of the contract that a request takes. */
function templateOf(path: string): string {
  const found = paths.find((template) =>
    new RegExp(`^${template.replaceAll(/\{[^}]*\}/g, '[^/]+')}$`).test(path),
  );
  if (found === undefined) throw new Error(`The contract has no ${path}`);
  return found;
}

/** What of an answer the contract's schema objects to. */
function objectionsTo(path: string, status: number, body: unknown): unknown {
  const template = templateOf(path).replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D');
  const response = `contract#/paths/${template}/get/responses/${status}`;
  // A response may be a reference itself, which JSON Schema does not follow on the way.
  const schema = status === 422 ? 'contract#/components/responses/ValidationError' : response;
  const validate = ajv.compile({ $ref: `${schema}/content/application~1json/schema` });
  return validate(body) ? [] : validate.errors;
}

test('every answer of the sandbox that the contract describes is as it describes it', async () => {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  const found = organisations.flatMap(({ apiKey, personas, agents }) =>
    [
      ...personas.map(({ id }) => `/v1/customer-persona/${id}`),
      ...agents.map(({ id }) => `/v1/customer-personas-by-agent/${id}`),
    ].map((path) => ({ path, headers: { 'x-api-key': apiKey } })),
  );
  const invalid = [
    { path: '/v1/customer-persona/no-uuid', headers: { 'x-api-key': clinic.apiKey } },
    { path: '/v1/customer-persona/no-uuid', headers: {} },
    { path: `/v1/customer-persona/${exampleId}`, headers: {} },
    { path: '/v1/customer-personas-by-agent/seven', headers: { 'x-api-key': clinic.apiKey } },
  ];
  const statuses: number[] = [];
  for (const { path, headers } of [...found, ...invalid]) {
    const response = await fetch(sandbox.url + path, { headers });
    statuses.push(response.status);
    expect(objectionsTo(path, response.status, await response.json())).toEqual([]);
  }
  expect(new Set(found.map(({ path }) => templateOf(path)))).toEqual(new Set(paths));
  expect(statuses).toEqual([...found.map(() => 200), ...invalid.map(() => 422)]);
});

test('the contract’s schemas let nothing else through', () => {
  const path = `/v1/customer-persona/${exampleId}`;
  expect(objectionsTo(path, 200, { id: 'x', created_at: 7, name: [], goal: {} })).toHaveLength(4);
  expect(objectionsTo(path, 422, { detail: [{ msg: 'No place' }] })).toHaveLength(1);
});

test('the gateway sends Bluejay the contract’s calls and nothing else', async () => {
  const gateway = await startGateway();
  await gateway.query(personaQuery, { id: exampleId });
  await gateway.post({ query: '{ personasByAgent(agentId: 7) { id } }' });
  const called = gateway.sandbox.requests.map(({ path }) => templateOf(path));
  expect(new Set(called)).toEqual(new Set(paths));
  for (const { method, headers } of gateway.sandbox.requests) {
    expect(method).toBe('GET');
    expect(headers['x-api-key']).toBe(clinic.apiKey);
  }
});
