import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { createOncePerInterval } from '../../src/server/http/once-per-interval.ts';
import { startGateway } from '../support/gateway.ts';
import { send } from '../support/send.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const origin = 'https://app.example.com';
const typename = { query: '{ __typename }' };

async function preflight(url: string, from: string, requested = 'content-type,x-api-key') {
  const headers = {
    origin: from,
    'access-control-request-method': 'POST',
    'access-control-request-headers': requested,
  };
  return send(`${url}/graphql`, { method: 'OPTIONS', headers });
}

test('without CORS_ORIGINS no origin is allowed, and a preflight is refused', async () => {
  const gateway = await startGateway();
  const { status, headers } = await preflight(gateway.url, origin);
  expect(status).toBe(403);
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

test.each([
  'https://pr-7.preview.example.com',
  'https://x.preview.example.com',
  'https://a_b.preview.example.com',
])('the page of %s fits https://*.preview.example.com', async (from) => {
  const corsOrigins = [origin, 'https://*.preview.example.com'];
  const gateway = await startGateway({ protection: { corsOrigins } });
  expect((await preflight(gateway.url, from)).headers['access-control-allow-origin']).toBe(from);
  const { headers } = await gateway.post(typename, { origin: from });
  expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([from, 'Origin']);
});

test.each([
  'https://preview.example.com',
  'https://.preview.example.com',
  'https://a.b.preview.example.com',
  'https://evil-preview.example.com',
  'https://evilpreview.example.com',
  'https://a.preview.example.com.evil.example',
  'https://a.preview.example.com.',
  'https://a.preview-example.com',
  'https://a.previewxexample.com',
  'https://a.preview.example.com:8443',
  'https://a.preview.example.com/',
  'https://evil.example/.preview.example.com',
  'https://evil.example#.preview.example.com',
  'https://evil@a.preview.example.com',
  'https://a%2e.preview.example.com',
  'https://*.preview.example.com',
  'https://A.preview.example.com',
  'HTTPS://a.preview.example.com',
  'http://a.preview.example.com',
  'a.preview.example.com',
  'https://evil.example, https://a.preview.example.com',
])('the page of %s does not', async (from) => {
  const gateway = await startGateway({ protection: { corsOrigins: ['https://*.preview.example.com'] } });
  const { status, headers } = await preflight(gateway.url, from);
  expect([status, headers['access-control-allow-origin']]).toEqual([403, undefined]);
  const answer = await gateway.post(typename, { origin: from });
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
});

test('the port of a pattern is exact', async () => {
  const gateway = await startGateway({ protection: { corsOrigins: ['http://*.dev.example.com:3000'] } });
  const statuses = ['', ':3000', ':30000', ':3001'].map(
    async (port) => (await preflight(gateway.url, `http://a.dev.example.com${port}`)).status,
  );
  expect(await Promise.all(statuses)).toEqual([403, 204, 403, 403]);
});

test('a page may also send the headers of CORS_HEADERS', async () => {
  const gateway = await startGateway({ protection: { corsOrigins: [origin], corsHeaders: ['x-tenant'] } });
  const { headers } = await preflight(gateway.url, origin, 'content-type,x-tenant');
  const names = String(headers['access-control-allow-headers']).split(', ');
  expect(names).toEqual(expect.arrayContaining(['content-type', 'authorization', 'x-tenant']));
  expect(gateway.logs.filter(({ level }) => level === 'warn')).toEqual([]);
});

test.each([{ corsOrigins: [] }, { corsOrigins: [origin] }])(
  'with %j a refused preflight is logged once, with its origin and what to change',
  async (protection) => {
    const gateway = await startGateway({ protection });
    for (const from of ['https://web.example.com', 'https://web.example.com', 'null']) {
      await preflight(gateway.url, from);
    }
    await gateway.post(typename, { origin: 'https://other.example.com' });
    const msg = 'refused the preflight of a page: CORS_ORIGINS does not list its origin';
    const warnings = gateway.logs.filter(({ level }) => level === 'warn');
    expect(warnings).toEqual([
      expect.objectContaining({ origin: 'https://web.example.com', msg }),
      expect.objectContaining({ origin: 'null', msg }),
    ]);
  },
);

test('a preflight for a header that may not be sent is logged, without the header', async () => {
  const gateway = await startGateway({ protection: { corsOrigins: [origin] } });
  for (const requested of ['', ' Content-Type ,X-API-Key', 'x-secret', 'content-type,x-secret']) {
    await preflight(gateway.url, origin, requested);
  }
  expect(gateway.logs.filter(({ level }) => level === 'warn')).toEqual([
    expect.objectContaining({
      origin,
      msg: 'the preflight of a page asks for a header that CORS_HEADERS does not list',
    }),
  ]);
  expect(gateway.logText()).not.toContain('x-secret');
});

test('invented origins neither fill the log nor put text of their own there', async () => {
  const gateway = await startGateway({ protection: { corsOrigins: [origin] } });
  const long = `https://${'a'.repeat(5_000)}.example.com`;
  const texts = [
    'a-secret',
    'https://user:a-secret@example.com',
    'https://example.com/a-secret',
    'https://ä',
  ];
  for (const from of [long, `${long}.other`, ...texts]) await preflight(gateway.url, from);
  const origins = () => gateway.logs.flatMap(({ level, origin: each }) => (level === 'warn' ? [each] : []));
  expect(origins()).toEqual([long.slice(0, 200), 'malformed']);
  expect(gateway.logText()).not.toContain('a-secret');
  for (let index = 0; index < 50; index += 1) await preflight(gateway.url, `https://${index}.example.com`);
  expect(origins()).toHaveLength(20);
});

test('a refusal is logged again after a minute', () => {
  let nowMs = 0;
  const mayLog = createOncePerInterval({ intervalMs: 60_000, maxKeys: 2, now: () => nowMs });
  const at = (ms: number, key: string) => {
    nowMs = ms;
    return mayLog(key);
  };
  expect([at(0, 'a'), at(59_999, 'a'), at(59_999, 'b'), at(59_999, 'c')]).toEqual([true, false, true, false]);
  expect([at(60_000, 'a'), at(60_000, 'b'), at(60_000, 'c')]).toEqual([true, false, false]);
  expect([at(119_999, 'c'), at(119_999, 'b')]).toEqual([true, false]);
});

test.skipIf(executablePath === undefined && process.env['CI'] === undefined)(
  'in a browser (skipped without Chromium) the first fetch of a preview works, and one of another page does not',
  { timeout: 60_000 },
  async () => {
    const pages = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<title>A frontend</title>');
    });
    await new Promise<void>((resolve) => {
      pages.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => void pages.close());
    const { port } = pages.address() as AddressInfo;
    const gateway = await startGateway({
      protection: {
        corsOrigins: [`http://*.preview.example.com:${port}`],
        corsHeaders: ['x-tenant'],
        corsLoopback: true,
      },
    });
    const browser = await chromium.launch({
      executablePath: executablePath ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--host-resolver-rules=MAP *.example.com 127.0.0.1',
      ],
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    const fetchFrom = async (host: string, headers: Record<string, string> = {}) => {
      await page.goto(`http://${host}:${port}/`);
      return page.evaluate(
        async ([url, extra]) => {
          const init = {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...extra },
            body: '{"query":"{ __typename }"}',
          };
          const answer = await fetch(url, init).catch((error: Error) => error.message);
          return typeof answer === 'string' ? answer : answer.text();
        },
        [`${gateway.url}/graphql`, headers] as const,
      );
    };
    const answer = '{"data":{"__typename":"Query"}}';
    const usual = {
      authorization: 'Bearer token',
      'apollographql-client-name': 'web',
      'apollographql-client-version': '1',
      'graphql-client-name': 'web',
      'apollo-require-preflight': 'true',
      'x-apollo-operation-name': 'Q',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      tracestate: 'a=b',
      baggage: 'a=b',
      'sentry-trace': 'x',
      'X-Tenant': 'clinic',
    };
    expect(await fetchFrom('localhost', usual)).toBe(answer);
    expect(await fetchFrom('pr-7.preview.example.com', usual)).toBe(answer);
    expect(gateway.logs.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(await fetchFrom('pr-7.preview.example.com', { 'x-other': '1' })).toBe('Failed to fetch');
    expect(await fetchFrom('a.b.preview.example.com')).toBe('Failed to fetch');
    expect(await fetchFrom('evil-preview.example.com')).toBe('Failed to fetch');
    expect(gateway.logs.filter(({ level }) => level === 'warn').map((line) => line['origin'])).toEqual([
      `http://pr-7.preview.example.com:${port}`,
      `http://a.b.preview.example.com:${port}`,
      `http://evil-preview.example.com:${port}`,
    ]);
  },
);

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
