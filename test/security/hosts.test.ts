import { expect, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { send } from '../support/send.ts';

async function statusesFor(url: string, host: string) {
  const post = await send(`${url}/graphql`, {
    method: 'POST',
    headers: { host, 'content-type': 'application/json' },
    body: '{"query":"{ __typename }"}',
  });
  const health = await send(`${url}/health/live`, { method: 'GET', headers: { host } });
  return [post.status, health.status];
}

async function pageFor(url: string, host: string) {
  return (await send(`${url}/graphql`, { headers: { host, accept: 'text/html' } })).status;
}

const served = [
  'localhost',
  'LOCALHOST:4000',
  'app.localhost',
  '127.0.0.1:4000',
  '192.168.0.7',
  '[::1]:4000',
  'gateway.example.com:443',
  'Gateway.example.com.',
];
const refused = [
  'rebound.example.com',
  'localhost.example.com',
  'xlocalhost',
  '127.0.0.1.example.com',
  'a:b',
];

test('a gateway with ALLOWED_HOSTS answers to its names and addresses alone, and health checks to any', async () => {
  const { url } = await startGateway({
    protection: { allowedHosts: ['gateway.example.com'] },
    graphiql: true,
  });
  for (const host of served) expect([host, ...(await statusesFor(url, host))]).toEqual([host, 200, 200]);
  for (const host of refused) {
    expect([host, ...(await statusesFor(url, host))]).toEqual([host, 421, 200]);
  }
  expect([await pageFor(url, 'localhost'), await pageFor(url, 'rebound.example.com')]).toEqual([200, 421]);
});

test('without ALLOWED_HOSTS any name is served in production', async () => {
  const { url } = await startGateway({ graphiql: true });
  expect(await statusesFor(url, 'any.example.com')).toEqual([200, 200]);
  expect(await pageFor(url, 'any.example.com')).toBe(200);
});
