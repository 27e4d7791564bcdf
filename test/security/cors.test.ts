import { expect, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { send } from '../support/send.ts';

const origin = 'https://app.example.com';
const typename = { query: '{ __typename }' };

async function preflight(url: string, from: string) {
  const headers = {
    origin: from,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type,x-api-key',
  };
  return send(`${url}/graphql`, { method: 'OPTIONS', headers });
}

test('without CORS_ORIGINS no origin is allowed, and a preflight is refused', async () => {
  const gateway = await startGateway();
  const { status, headers } = await preflight(gateway.url, origin);
  expect(status).toBe(405);
  expect(Object.keys(headers).filter((name) => /^(access-control|vary)/.test(name))).toEqual([]);
});

test('a page of a listed origin may send JSON and a key, and remembers so', async () => {
  const gateway = await startGateway({ protection: { corsOrigins: ['https://other.example.com', origin] } });
  const { status, headers, text } = await preflight(gateway.url, origin);
  expect({ status, text }).toEqual({ status: 204, text: '' });
  expect(headers).toMatchObject({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': expect.stringMatching(
      /^content-type, x-api-key, x-request-id(, [a-z-]+)+$/,
    ),
    'access-control-max-age': '7200',
    vary: 'Origin',
    'x-content-type-options': 'nosniff',
  });
  expect(headers['access-control-allow-credentials']).toBeUndefined();
});

test.each([
  ['Apollo Client', ['apollographql-client-name', 'apollographql-client-version', 'x-apollo-operation-name']],
  ['urql and others', ['graphql-client-name', 'graphql-client-version', 'apollo-require-preflight']],
  ['OpenTelemetry and Sentry', ['traceparent', 'tracestate', 'baggage', 'sentry-trace']],
  ['a login of the page’s own', ['authorization']],
])('a page may send what %s sends', async (_client, names) => {
  const gateway = await startGateway({ protection: { corsOrigins: [origin] } });
  const { headers } = await preflight(gateway.url, origin);
  expect(String(headers['access-control-allow-headers']).split(', ')).toEqual(expect.arrayContaining(names));
});

test.each(['http://localhost:5173', 'http://127.0.0.1:3000', 'http://[::1]:8080', 'https://app.localhost'])(
  'in development the page of %s may ask, without being listed',
  async (from) => {
    const gateway = await startGateway({ protection: { corsLoopback: true } });
    expect((await preflight(gateway.url, from)).headers['access-control-allow-origin']).toBe(from);
    const { headers } = await gateway.post(typename, { origin: from });
    expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([from, 'Origin']);
  },
);

test.each([
  'http://localhost.example.com',
  'http://notlocalhost',
  'http://127.0.0.1.example.com',
  'http://localhost@example.com',
  'http://10.0.0.1',
  'null',
])('in development the page of %s may not', async (from) => {
  const gateway = await startGateway({ protection: { corsLoopback: true } });
  const { status, headers } = await preflight(gateway.url, from);
  expect([status, headers['access-control-allow-origin']]).toEqual([403, undefined]);
});

test('it may read answers, refusals too, and the headers that it needs', async () => {
  const gateway = await startGateway({ protection: { corsOrigins: [origin] } });
  for (const body of [typename, '{']) {
    const { headers } = await gateway.post(body, { origin });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-expose-headers')).toBe(
      'x-request-id, retry-after, ratelimit, ratelimit-policy',
    );
    expect(headers.get('vary')).toBe('Origin');
  }
});

test.each([
  'https://app.example.com.elsewhere.example',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://APP.example.com',
  'https://xapp.example.com',
  'null',
  '*',
  '',
])('the origin %j is not listed', async (other) => {
  const gateway = await startGateway({ protection: { corsOrigins: [origin] } });
  const refused = await preflight(gateway.url, other);
  expect(refused.status).toBe(403);
  expect(JSON.parse(refused.text)).toMatchObject({
    errors: [{ message: 'Pages of this origin may not ask: add it to CORS_ORIGINS.' }],
  });
  expect(refused.headers['access-control-allow-origin']).toBeUndefined();
  const answer = await gateway.post(typename, { origin: other });
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  expect(answer.headers.get('vary')).toBe('Origin');
});

test('what is no preflight is no exception: OPTIONS is a 405', async () => {
  const gateway = await startGateway({ protection: { corsOrigins: [origin] } });
  const { status } = await send(`${gateway.url}/graphql`, { method: 'OPTIONS', headers: { origin } });
  expect(status).toBe(405);
});
