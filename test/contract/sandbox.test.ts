import { expect, onTestFinished, test } from 'vitest';
import { loadDocument } from '../../contract/document.ts';
import { createSandbox, organisations } from '../../src/sandbox/index.ts';
import { clinic, exampleId } from '../support/gateway.ts';

const { compile } = await loadDocument('contract/bluejay.openapi.yaml');
const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const describes = {
  persona: compile(schema('CustomerPersona')),
  personas: compile({ type: 'array', items: schema('CustomerPersona') }),
  error: compile(schema('HTTPValidationError')),
};

test('every answer of the sandbox is as Bluejay’s published document describes it', async () => {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  const good = organisations.flatMap(({ apiKey, personas, agents }) => [
    ...personas.map(({ id }) => ['persona', `customer-persona/${id}`, apiKey] as const),
    ...agents.map(({ id }) => ['personas', `customer-personas-by-agent/${id}`, apiKey] as const),
  ]);
  const bad = [
    ['error', 'customer-persona/no-uuid', clinic.apiKey],
    ['error', 'customer-persona/no-uuid', undefined],
    ['error', `customer-persona/${exampleId}`, undefined],
    ['error', 'customer-personas-by-agent/seven', clinic.apiKey],
  ] as const;
  for (const [name, path, key] of [...good, ...bad]) {
    const headers = key === undefined ? {} : { 'x-api-key': key };
    const response = await fetch(`${sandbox.url}/v1/${path}`, { headers });
    expect([path, response.status]).toEqual([path, name === 'error' ? 422 : 200]);
    expect(await response.json()).toSatisfy(describes[name]);
  }
});
