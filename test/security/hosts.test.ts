import { expect, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import type { TestGatewayOptions } from '../support/gateway.ts';
import { send } from '../support/send.ts';

const development = { protection: { allowedHosts: ['gateway.example.com'] }, graphiql: true } as const;

async function statusesFor(host: string, options: TestGatewayOptions) {
  const { url } = await startGateway(options);
  const post = await send(`${url}/graphql`, {
    method: 'POST',
    headers: { host, 'content-type': 'application/json' },
    body: '{"query":"{ __typename }"}',
  });
  const page = await send(`${url}/graphql`, { method: 'GET', headers: { host, accept: 'text/html' } });
  const health = await send(`${url}/health/live`, { method: 'GET', headers: { host } });
  return [post.status, page.status, health.status];
}

test.each([
  'localhost',
  'LOCALHOST:4000',
  'app.localhost',
  '127.0.0.1:4000',
  '192.168.0.7',
  '[::1]:4000',
  'gateway.example.com:443',
  'Gateway.example.com.',
])('a gateway with ALLOWED_HOSTS answers to %s', async (host) => {
  expect(await statusesFor(host, development)).toEqual([200, 200, 200]);
});

test.each(['rebound.example.com', 'localhost.example.com', 'xlocalhost', '127.0.0.1.example.com', 'a:b'])(
  'it answers neither queries nor GraphiQL to %s, and health checks as ever',
  async (host) => {
    expect(await statusesFor(host, development)).toEqual([421, 421, 200]);
  },
);

test('without ALLOWED_HOSTS any name is served in production', async () => {
  expect(await statusesFor('any.example.com', { graphiql: true })).toEqual([200, 200, 200]);
});
