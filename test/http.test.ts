import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startGateway } from './support/gateway.ts';
import { requestOf, sendBytes } from './support/raw-socket.ts';

const typename = { query: '{ __typename }' };

test.each([
  '/',
  '/graphql/',
  '/anything/graphql',
  '/graphqlx',
  '/GraphQL',
  '//graphql',
  '/health',
  '/health/live/',
  '/x?a=/graphql',
])('%s is a 404', async (path) => {
  const gateway = await startGateway();
  for (const method of ['GET', 'POST']) {
    const response = await fetch(gateway.url + path, { method });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  }
});

test('a query string neither helps nor harms', async () => {
  const gateway = await startGateway();
  const response = await fetch(`${gateway.url}/graphql?a=/health/live&query={x}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(typename),
  });
  expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
});

test.each(['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s /graphql is a 405', async (method) => {
  const gateway = await startGateway();
  const response = await fetch(`${gateway.url}/graphql?query={__typename}&variables={`, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, POST');
  const body = await response.text();
  expect(body).toMatch(method === 'HEAD' ? /^$/ : /Send GraphQL requests with POST, or queries with GET\./);
});

test.each([
  'text/plain',
  'application/graphql',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=latin1',
  'application/jsonp',
  '',
])('the content-type %j is a 415', async (contentType) => {
  const gateway = await startGateway();
  const response = await gateway.post(typename, { 'content-type': contentType });
  expect(response.status).toBe(415);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
});

test.each(['application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'APPLICATION/JSON'])(
  'the content-type %j is JSON',
  async (contentType) => {
    const gateway = await startGateway();
    const response = await gateway.post(typename, { 'content-type': contentType });
    expect(response.status).toBe(200);
  },
);

test('a compressed body is a 415', async () => {
  const gateway = await startGateway();
  const response = await gateway.post(typename, { 'content-encoding': 'gzip' });
  expect(response.status).toBe(415);
});

test.each([
  ['*/*', 'application/json'],
  ['application/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/graphql-response+json', 'application/graphql-response+json'],
  ['application/graphql-response+json, application/json;q=0.9', 'application/graphql-response+json'],
  ['application/json, application/graphql-response+json', 'application/json'],
  ['application/json;q=0.1, application/graphql-response+json;q=0.2', 'application/graphql-response+json'],
  ['text/html, application/json;q=0.5', 'application/json'],
  ['multipart/mixed;deferSpec=20220824, application/json', 'application/json'],
  ['application/json; charset=utf-8', 'application/json'],
  ['application/json;q=0, */*', 'application/graphql-response+json'],
  ['*/*;q=0.1, application/graphql-response+json;q=0', 'application/json'],
])('accept: %s is answered with %s', async (accept, mediaType) => {
  const gateway = await startGateway();
  const response = await gateway.post(typename, { accept });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(`${mediaType}; charset=utf-8`);
});

test.each([
  'text/html',
  'text/event-stream',
  'multipart/mixed',
  'application/json;q=0',
  'application/json; charset=latin1',
])('accept: %s is a 406', async (accept) => {
  const gateway = await startGateway();
  const response = await gateway.post(typename, { accept });
  expect(response.status).toBe(406);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
});

const mebibyte = 1_048_576;
const padded = (length: number) => JSON.stringify(typename).padEnd(length);

test('a body of 1 MiB is read, one of a byte more is a 413', async () => {
  const gateway = await startGateway();
  expect((await gateway.post(padded(mebibyte))).status).toBe(200);
  const response = await gateway.post(padded(mebibyte + 1));
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
});

test('a chunked body of 10 MB is a 413 that its sender gets to see', async () => {
  const gateway = await startGateway();
  const request = httpRequest(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  for (let sent = 0; sent < 10; sent += 1) request.write('x'.repeat(1_000_000));
  request.end();
  const [status, body] = await new Promise<[number | undefined, string]>((resolve, reject) => {
    request.once('error', reject);
    request.once('response', (response) => {
      readText(response).then((text) => resolve([response.statusCode, text]), reject);
    });
  });
  expect(status).toBe(413);
  expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
});

test('a body without end is cut off', async () => {
  const gateway = await startGateway();
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  let sent = 0;
  const flood = () => {
    while (!socket.destroyed && sent < 64 * mebibyte) {
      sent += chunk.length;
      if (!socket.write(chunk)) return;
    }
  };
  socket.on('drain', flood);
  flood();
  await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  expect(sent).toBeLessThan(64 * mebibyte);
});

test('a request id that is fit for logs comes back; any other is replaced', async () => {
  const gateway = await startGateway();
  const idOf = async (sent: string) => {
    const response = await gateway.post({ query: '{' }, { 'x-request-id': sent });
    const { errors } = (await response.json()) as { errors: { extensions: { requestId: string } }[] };
    const received = response.headers.get('x-request-id');
    expect(errors[0]?.extensions.requestId).toBe(received);
    return received;
  };
  expect(await idOf('router-7.a:b_C')).toBe('router-7.a:b_C');
  for (const unfit of ['', 'a b', '"', 'x'.repeat(129), 'a, b']) {
    expect(await idOf(unfit)).toMatch(/^[0-9a-f]{8}-/);
  }
});

test('answers are not cached, not sniffed, and open to no other origin', async () => {
  const gateway = await startGateway();
  const response = await gateway.post(typename, { origin: 'https://elsewhere.example' });
  expect(Object.fromEntries(response.headers)).toEqual({
    'cache-control': 'no-store',
    connection: 'keep-alive',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'content-length': String((await response.text()).length),
    'content-type': 'application/json; charset=utf-8',
    date: expect.any(String) as string,
    'keep-alive': 'timeout=65',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-request-id': expect.any(String) as string,
  });
});

test('health answers GET and HEAD', async () => {
  const gateway = await startGateway();
  for (const [path, status] of [
    ['/health/live', 'live'],
    ['/health/ready', 'ready'],
  ]) {
    const url = `${gateway.url}${path}`;
    const [get, head, post] = await Promise.all([
      fetch(url),
      fetch(url, { method: 'HEAD' }),
      fetch(url, { method: 'POST' }),
    ]);
    expect([get.status, head.status, post.status]).toEqual([200, 200, 405]);
    expect(await get.json()).toEqual({ status });
  }
});

test('a connection without a request stays open for as long as is configured', async () => {
  const patient = await startGateway({ http: { keepAliveTimeoutMs: 95_000 } });
  expect((await patient.post(typename)).headers.get('keep-alive')).toBe('timeout=95');
  const gateway = await startGateway({ http: { keepAliveTimeoutMs: 100 } });
  expect(await sendBytes(gateway.url, requestOf(typename))).toContain('{"data":{"__typename":"Query"}}');
});
