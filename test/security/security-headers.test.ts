import { expect, test } from 'vitest';
import { exampleId, startGateway } from '../support/gateway.ts';
import { send } from '../support/send.ts';

const post = (body: string, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body,
});

test.each([
  ['an answer', 200, '/graphql', post('{"query":"{ __typename }"}')],
  ['a failed read', 200, '/graphql', post(`{"query":"{ persona(id: \\"${exampleId}\\") { id } }"}`)],
  ['a document that is none', 200, '/graphql', post('{"query":"{"}')],
  ['bad JSON', 400, '/graphql', post('{')],
  ['a method that is not served', 405, '/graphql', { method: 'PUT' }],
  ['a query by GET that is none', 400, '/graphql', {}],
  ['another media type', 415, '/graphql', post('x', { 'content-type': 'text/plain' })],
  ['no acceptable media type', 406, '/graphql', post('{}', { accept: 'text/plain' })],
  ['no such path', 404, '/elsewhere', {}],
  ['health', 200, '/health/live', {}],
  ['a wrong method for health', 405, '/health/ready', post('')],
])('%s (%i) is sniffed, framed, embedded and referred to by nobody', async (_, status, path, request) => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'answer', status: 500 } });
  const answer = await send(gateway.url + path, request);
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject({
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  expect(answer.headers['x-powered-by'] ?? answer.headers['server']).toBeUndefined();
});
