import { expect, test } from 'vitest';
import { configOf, problemsOf } from './support/config.ts';
import { exampleId, startGateway } from './support/gateway.ts';

const current = 'the-secret-of-today';
const previous = 'the-secret-of-before';
const query = { query: `{ persona(id: "${exampleId}") { id } }` };

test.each([
  ['no secret', {}],
  ['a wrong secret', { 'router-authorization': 'the-secret-of-others' }],
  ['a part of the secret', { 'router-authorization': current.slice(0, -1) }],
  ['more than the secret', { 'router-authorization': `${current}x` }],
  ['both secrets at once', { 'router-authorization': `${current},${previous}` }],
  ['an empty secret', { 'router-authorization': '' }],
  ['the secret in another header', { authorization: current }],
])('with %s a request is refused with 401 before any call', async (_name, headers) => {
  const gateway = await startGateway({ routerSecrets: [current, previous] });
  const response = await gateway.post(query, headers);
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('RouterSecret header="router-authorization"');
  const text = await response.text();
  expect(JSON.parse(text)).toEqual({
    errors: [
      {
        message:
          'Go through the router: GraphQL requests need its secret in the router-authorization header.',
        extensions: { code: 'UNAUTHENTICATED', requestId: response.headers.get('x-request-id') },
      },
    ],
  });
  expect(text + gateway.logText()).not.toContain('the-secret');
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test.each([current, previous])('during a rotation both secrets pass: %s', async (secret) => {
  const gateway = await startGateway({ routerSecrets: [current, previous] });
  const response = await gateway.post(query, { 'router-authorization': secret });
  expect(await response.json()).toEqual({ data: { persona: { id: exampleId } } });
  expect(gateway.logText()).not.toContain('the-secret');
  expect(gateway.sandbox.requests[0]?.headers).not.toHaveProperty('router-authorization');
});

test('health needs no secret', async () => {
  const gateway = await startGateway({ routerSecrets: [current] });
  for (const path of ['/health/live', '/health/ready']) {
    expect((await fetch(`${gateway.url}${path}`)).status).toBe(200);
  }
});

test('a browser gets GraphiQL without the secret, and no answer', async () => {
  const gateway = await startGateway({ routerSecrets: [current], graphiql: true });
  const page = await fetch(`${gateway.url}/graphql`, { headers: { accept: 'text/html' } });
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect((await gateway.post(query, { accept: 'text/html, */*' })).status).toBe(401);
  expect((await fetch(`${gateway.url}/graphql`)).status).toBe(401);
});

test('the schema is behind the secret too', async () => {
  const gateway = await startGateway({ routerSecrets: [current] });
  const schemaQuery = { query: '{ _service { sdl } }' };
  expect((await gateway.post(schemaQuery)).status).toBe(401);
  const response = await gateway.post(schemaQuery, { 'router-authorization': current });
  expect(await response.text()).toContain('type CustomerPersona');
});

test('ROUTER_SECRET is one secret, or two with a comma between', () => {
  expect(configOf({}).routerSecrets).toEqual([]);
  expect(configOf({ ROUTER_SECRET: current }).routerSecrets).toEqual([current]);
  expect(configOf({ ROUTER_SECRET: `${current},${previous}` }).routerSecrets).toEqual([current, previous]);
  for (const value of [
    'short',
    `${current},`,
    `${current},b`,
    `${current},${previous},${current}`,
    `a ${current}`,
  ]) {
    expect(problemsOf({ ROUTER_SECRET: value })).toEqual([
      'ROUTER_SECRET: expected 16 to 256 visible ASCII characters without a comma, or two such secrets with a comma between',
    ]);
  }
});
