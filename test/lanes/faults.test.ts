import { expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/index.ts';
import { exampleId, unknownId } from '../support/gateway.ts';
import { secondId } from '../support/generated-requests.ts';
import { startLanes } from '../support/lanes.ts';
import type { LaneRequest } from '../support/lanes.ts';

/** Reads that meet a fault of the example and of agent 7, beside reads that do not. */
const requests: LaneRequest[] = [
  { query: `{ before: __typename persona(id: "${exampleId}") { id name } after: __typename }` },
  {
    query: `query Several { personas(ids: ["${secondId}", "${exampleId}", "${unknownId}"]) { id } }`,
  },
  { query: '{ before: __typename personasByAgent(agentId: 7) { id } }' },
  {
    query:
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on CustomerPersona { id name } ... on Agent { agentId: id customerPersonas { id } } } }',
    variables: {
      r: [
        { __typename: 'CustomerPersona', id: secondId },
        { __typename: 'CustomerPersona', id: exampleId },
        { __typename: 'Agent', id: 7 },
        { __typename: 'Agent', id: 8 },
      ],
    },
  },
].map((body) => ({ body }));

const answer = (status: number, body: unknown = '', headers: Record<string, string> = {}): Fault => ({
  kind: 'answer',
  status,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers,
});
const invalid = (...loc: (string | number)[]) => ({
  detail: [{ loc, msg: 'Input should be something else', type: 'value_error', input: 'secret' }],
});

const faults: Record<string, Fault> = {
  'a 422 about the path': answer(422, invalid('path', 'persona_id')),
  'a 422 about several things': answer(422, {
    detail: [...invalid('path', 'agent_id').detail, ...invalid('query', 'x', 0).detail],
  }),
  'a 422 about the key': answer(422, invalid('header', 'x-api-key')),
  'a 422 that explains nothing': answer(422, 'no'),
  'a 401': answer(401, { detail: 'Invalid API key' }),
  'a 403': answer(403, { detail: 'Not yours' }),
  'a 404': answer(404, { detail: 'Not found' }),
  'a 409': answer(409),
  'a 429': answer(429, '', { 'retry-after': '40' }),
  'a 429 that can be tried again at once': answer(429, '', { 'retry-after': '0' }),
  'a 500': answer(500, '<html>'),
  'a 502': answer(502, '<html>', { 'content-type': 'text/html' }),
  'a 503': answer(503),
  'a 503 for long': answer(503, '', { 'retry-after': '3600' }),
  'a redirect': answer(302, '', { location: 'http://127.0.0.1:1/' }),
  'no content': answer(204),
  'bad JSON': answer(200, '{"id":', { 'content-type': 'application/json' }),
  'no JSON': answer(200, '<html>', { 'content-type': 'text/html' }),
  'a wrong shape': answer(200, { id: exampleId, name: { first: 'A' } }),
  'a persona with a date that is none': answer(200, { id: exampleId, created_at: 'yesterday' }),
  'another persona': answer(200, { id: unknownId, name: 'Another' }),
  'a list with holes': answer(200, [null, {}, { id: exampleId }]),
  'strange text': answer(200, { id: exampleId, name: '\u0000\u2028\ud800é🩺"\\', goal: '' }),
  'a truncated answer': { kind: 'truncate' },
  'a reset': { kind: 'reset' },
};

test.each(Object.entries(faults))('%s of Bluejay reaches the caller alike', async (_name, fault) => {
  const lanes = await startLanes();
  lanes.sandbox.faults.add({ fault, personaId: exampleId });
  lanes.sandbox.faults.add({ fault, agentId: 7 });
  const outcomes = await lanes.expectSame(requests, { repeats: false });
  expect(outcomes.refused).toBe(0);
});

test('how long an answer may be kept is said alike', async () => {
  const lanes = await startLanes();
  const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=86400' };
  lanes.sandbox.faults.add({ fault: answer(200, { id: exampleId }, headers), personaId: exampleId });
  lanes.sandbox.faults.add({ fault: answer(403), personaId: secondId });
  const besideAnError = { query: `{ personas(ids: ["${exampleId}", "${secondId}"]) { id } }` };
  const outcomes = await lanes.expectSame([...requests, { body: besideAnError }]);
  expect(outcomes).toEqual({ data: 3, partial: 2, refused: 0 });
});

test('an answer that never comes ends alike at the deadline', async () => {
  const lanes = await startLanes({ requestTimeoutMs: 300 });
  lanes.sandbox.faults.add({ fault: { kind: 'hang' } });
  const hanging = [requests[0], requests[2]].filter((request) => request !== undefined);
  await lanes.expectSame(hanging, { repeats: false });
  expect(lanes.sandbox.requests.length).toBeGreaterThan(2);
});

test('a Bluejay that cannot be reached fails alike', async () => {
  const lanes = await startLanes({ baseUrl: 'http://127.0.0.1:1' });
  const outcomes = await lanes.expectSame(requests, { repeats: false });
  expect(outcomes.partial).toBe(requests.length);
});
