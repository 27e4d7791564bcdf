import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exampleId, startGateway, unknownId } from './support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from './support/gateway.ts';

interface Scenario {
  readonly options?: TestGatewayOptions;
  readonly prepare?: (gateway: TestGateway) => unknown;
  /** What the page says before the answer: the query. */
  readonly query: string;
}

const update = (id: string) =>
  `mutation { updateCustomerPersona(input: { id: "${id}", name: "Ann" }) { customerPersona { name } } }`;

const scenarios: Readonly<Record<string, Scenario>> = {
  'One item of a list fails': {
    prepare: ({ sandbox }) =>
      sandbox.faults.add({ fault: { kind: 'answer', status: 503 }, personaId: unknownId }),
    query: `{ personas(ids: ["${exampleId}", "${unknownId}"]) { name } }`,
  },
  'An input is refused': { query: '{ personasByAgent(agentId: "nobody") { name } }' },
  'An operation is too large': {
    query: `{ ${Array.from({ length: 51 }, (_, index) => `p${index}: persona(id: "${exampleId}") { id }`).join(' ')} }`,
  },
  'The caller is over its rate limit': {
    options: { protection: { rateLimit: { points: 1, windowSeconds: 60 } } },
    prepare: (gateway) => gateway.post({ query: `{ persona(id: "${exampleId}") { name } }` }),
    query: `{ persona(id: "${exampleId}") { name } }`,
  },
  'A write has an unknown outcome': {
    options: { writes: true },
    prepare: ({ sandbox }) =>
      sandbox.faults.add({ fault: { kind: 'reset' }, method: 'PUT', isApplied: true }),
    query: update(exampleId),
  },
  'A write was not applied': { options: { writes: true }, query: update(unknownId) },
};

/** Each example by its heading: the status, and the answer without what differs from run to run. */
const documented = new Map(
  Array.from(
    readFileSync('docs/errors.md', 'utf8').matchAll(
      /^### (.+)\n(?:(?!^### )[^])*?HTTP status (\d+)[^]*?^```json\n([^]*?)^```/gm,
    ),
    ([, heading = '', status, answer = '']) => [heading, { status: Number(status), answer: steady(answer) }],
  ),
);

function steady(answer: string): unknown {
  return JSON.parse(answer, (key, value: unknown) =>
    key === 'locations' ? undefined : key === 'requestId' || key === 'retryAfterMs' ? '…' : value,
  );
}

test('each example of the error page is one that is tested', () => {
  expect([...documented.keys()]).toEqual(Object.keys(scenarios));
});

test.each(Object.entries(scenarios))(
  'the error page has the answer of the gateway: %s',
  async (heading, scenario) => {
    const gateway = await startGateway(scenario.options);
    await scenario.prepare?.(gateway);
    const response = await gateway.post(
      { query: scenario.query },
      { accept: 'application/graphql-response+json' },
    );
    expect({ status: response.status, answer: steady(await response.text()) }).toEqual(
      documented.get(heading),
    );
  },
);
