import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clinic, exampleId, startGateway } from '../support/gateway.ts';
import { manyTimes, openConnection, requestOf, sendBytes } from '../support/raw-socket.ts';
import { startWordyUpstream } from '../support/upstreams.ts';

const body = '{"query":"{ __typename }"}';
const headers = `content-type: application/json\r\ncontent-length: ${body.length}\r\n`;
const request = `POST /graphql HTTP/1.1\r\nhost: x\r\n${headers}\r\n${body}`;
const lastRequest = request.replace('host', 'connection: close\r\nhost');
const answered = '{"data":{"__typename":"Query"}}';

function errorIn(answer: string): { status: number; code: unknown; message: string } {
  const error = (
    JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as {
      errors: { message: string; extensions: { code: string; requestId: string } }[];
    }
  ).errors[0];
  expect(answer).toContain(`x-request-id: ${error?.extensions.requestId}\r\n`);
  return {
    status: Number(answer.split(' ')[1]),
    code: error?.extensions.code,
    message: error?.message ?? '',
  };
}

const secured = [
  /^content-security-policy: default-src 'none'; frame-ancestors 'none'\r$/m,
  /^x-content-type-options: nosniff\r$/m,
  /^referrer-policy: no-referrer\r$/m,
  /^cross-origin-resource-policy: same-origin\r$/m,
  /^content-type: application\/json; charset=utf-8\r$/m,
];

test.each([
  [
    'both lengths',
    400,
    `POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n${headers}\r\n${body}`,
  ],
  [
    'two different lengths',
    400,
    `POST /graphql HTTP/1.1\r\nhost: x\r\n${headers}content-length: 5\r\n\r\n${body}`,
  ],
  ['a length that is none', 400, 'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n'],
  [
    'an encoding that is none',
    501,
    'POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n',
  ],
  ['a space before the colon', 400, 'GET /canary HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n\r\n'],
  ['a folded header', 400, 'GET /canary HTTP/1.1\r\nhost: x\r\na: b\r\n c\r\n\r\n'],
  ['a bare line feed in a header', 400, 'GET /canary HTTP/1.1\r\nhost: x\r\na: b\nc: d\r\n\r\n'],
  ['a NUL in a header', 400, 'GET /canary HTTP/1.1\r\nhost: x\r\na: b\0\r\n\r\n'],
  ['a method that is none', 400, 'CANARY /graphql HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['TLS on a port without', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['HTTP/2 without an upgrade', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['headers over 16 kB', 431, `GET /graphql HTTP/1.1\r\nhost: x\r\na: ${'canary'.repeat(3_000)}\r\n\r\n`],
  [
    'headers of 300 kB',
    431,
    `GET /graphql HTTP/1.1\r\nhost: x\r\n${`a: ${'canary'.repeat(1_000)}\r\n`.repeat(50)}\r\n`,
  ],
  ['a URL over 16 kB', 431, `GET /graphql?${'canary'.repeat(3_000)} HTTP/1.1\r\nhost: x\r\n\r\n`],
  [
    'an encoding before the chunks',
    501,
    'POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  ],
  ['HTTP/2.0 in the request line', 505, 'GET /graphql HTTP/2.0\r\nhost: x\r\n\r\n'],
  ['no host', 400, 'GET /graphql HTTP/1.1\r\nconnection: close\r\n\r\n'],
  ['two hosts', 400, 'GET /graphql HTTP/1.1\r\nhost: a\r\nHost: a\r\n\r\n'],
])('%s: %i, in JSON, secured, with nothing of it repeated', async (_, status, bytes) => {
  const gateway = await startGateway();
  const answer = await sendBytes(gateway.url, bytes);
  expect(errorIn(answer)).toMatchObject({ status, code: 'BAD_REQUEST' });
  for (const pattern of secured) expect(answer).toMatch(pattern);
  expect(answer).not.toMatch(/canary/i);
  expect(gateway.logText()).not.toMatch(/canary/i);
  await expect.poll(() => gateway.logs).toMatchObject([{ msg: 'request', status }]);
});

test('headers that come too slowly are a 408', async () => {
  const gateway = await startGateway({ http: { receiveTimeoutMs: 200 } });
  const answer = await sendBytes(gateway.url, 'POST /graphql HTTP/1.1\r\nhost: canary');
  expect(errorIn(answer)).toEqual({
    status: 408,
    code: 'BAD_REQUEST',
    message: 'The request came too slowly: send it at once.',
  });
  expect(answer).not.toContain('canary');
});

test('a connection over which nothing has come is closed without a word', async () => {
  const gateway = await startGateway({ http: { receiveTimeoutMs: 200 } });
  expect(await openConnection(gateway.url).closed).toBe('');
  expect(gateway.logs.filter(({ msg }) => msg === 'request')).toEqual([]);
});

test('whoever is refused and neither leaves nor stops sending is cut off', async () => {
  const gateway = await startGateway({ http: { receiveTimeoutMs: 1_200 } });
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(gateway.url).port), allowHalfOpen: true });
  socket.on('error', () => {});
  socket.resume().write('GARBAGE\r\n\r\n');
  const drip = setInterval(() => socket.write(' '), 50);
  onTestFinished(() => clearInterval(drip));
  await expect.poll(() => socket.destroyed).toBe(true);
});

test('a client that does not take its answer is cut off', async () => {
  const baseUrl = await startWordyUpstream();
  const gateway = await startGateway({ baseUrl, http: { receiveTimeoutMs: 600 } });
  const { socket } = openConnection(gateway.url);
  socket.pause();
  socket.write(requestOf(manyTimes('description', 40, exampleId, 8)));
  await expect.poll(() => gateway.logs).toMatchObject([{ msg: 'request', aborted: true }]);
});

test('headers have less time than a body', async () => {
  const gateway = await startGateway({ http: { receiveTimeoutMs: 3_000 } });
  const { socket, received } = openConnection(gateway.url);
  socket.write(
    'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n',
  );
  const answer = await sendBytes(gateway.url, 'POST /graphql HTTP/1.1\r\n');
  expect(errorIn(answer).status).toBe(408);
  expect(received()).toBe('');
});

test('a body that comes too slowly is a 408, under its own request id, and nothing unforeseen', async () => {
  const gateway = await startGateway({ http: { receiveTimeoutMs: 200 } });
  const { socket, received, closed } = openConnection(gateway.url);
  const slow =
    'POST /graphql HTTP/1.1\r\nhost: x\r\nx-request-id: slow\r\ncontent-type: application/json\r\n';
  socket.write(`${slow}content-length: 9999\r\n\r\n${body}`);
  const drip = setInterval(() => socket.write(' '), 50);
  onTestFinished(() => clearInterval(drip));
  await expect.poll(received).toContain('\r\n\r\n{');
  clearInterval(drip);
  const answer = await closed;
  expect(errorIn(answer)).toMatchObject({ status: 408, code: 'BAD_REQUEST' });
  expect(answer).toContain('x-request-id: slow\r\n');
  await expect.poll(() => gateway.logs).toMatchObject([{ requestId: 'slow', status: 408 }]);
});

test('a body that says that it is too large is refused before it is sent', async () => {
  const gateway = await startGateway();
  const { socket, received } = openConnection(gateway.url);
  const large = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1048577\r\n`;
  socket.write(`${large}\r\n`);
  await expect.poll(received).toContain('send at most 1048576 bytes');
  expect(received()).toMatch(/^HTTP\/1\.1 413 /);
  // What comes all the same is thrown away, and the connection goes on.
  socket.write(' '.repeat(1_048_577));
  socket.write(lastRequest);
  await expect.poll(received).toContain(answered);
});

test('one that says that it is far too large has its connection closed', async () => {
  const gateway = await startGateway();
  const answer = await sendBytes(
    gateway.url,
    'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999999999\r\n\r\n',
  );
  expect(errorIn(answer).status).toBe(413);
  expect(answer.toLowerCase()).toContain('connection: close');
});

test('a client that asks before it sends is told to go on, or refused', async () => {
  const gateway = await startGateway();
  const expecting = `POST /graphql HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-type: application/json\r\n`;
  const small = openConnection(gateway.url);
  small.socket.write(`${expecting}content-length: ${body.length}\r\n\r\n`);
  await expect.poll(small.received).toContain('HTTP/1.1 100 Continue');
  small.socket.write(body);
  await expect.poll(small.received).toContain(answered);
  const large = openConnection(gateway.url);
  large.socket.write(`${expecting}content-length: 1048577\r\n\r\n`);
  await expect.poll(large.received).toMatch(/^HTTP\/1\.1 413 /);
});

test('another expectation is ignored', async () => {
  const gateway = await startGateway();
  const answer = await sendBytes(gateway.url, lastRequest.replace('host', 'expect: canary\r\nhost'));
  expect(answer).toContain(answered);
});

test('more connections than allowed are closed at once, the log says so once, and idle ones make room', async () => {
  const gateway = await startGateway({ http: { maxConnections: 2 } });
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'hang' } });
  const idle = openConnection(gateway.url);
  const busy = openConnection(gateway.url);
  busy.socket.write(requestOf({ query: `{ persona(id: "${exampleId}") { id } }` }));
  await expect.poll(() => gateway.sandbox.requests.length).toBe(1);
  expect(await sendBytes(gateway.url, lastRequest)).toBe('');
  await expect.poll(() => sendBytes(gateway.url, lastRequest), { interval: 100 }).toContain(answered);
  expect([idle.socket.readyState, busy.socket.readyState]).toEqual(['closed', 'open']);
  expect(gateway.logs.filter(({ level }) => level === 'warn')).toMatchObject([
    { msg: 'too many connections: new ones, and idle ones, are closed', maxConnections: 2 },
  ]);
});

test('requests in a pipeline are answered in their order', async () => {
  const gateway = await startGateway();
  const ids = Array.from({ length: 16 }, (_, index) => `pipelined-${index}`);
  const requests = ids.map((id) => request.replace('host', `x-request-id: ${id}\r\nhost`));
  const answer = await sendBytes(gateway.url, [...requests, lastRequest].join(''));
  expect([...answer.matchAll(/x-request-id: (pipelined-\d+)/g)].map(([, id]) => id)).toEqual(ids);
});

test('of a connection’s requests sixteen may wait for the one before them; one more ends it, and is logged', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'delay', delayMs: 100 } });
  const slow = requestOf({ query: `{ persona(id: "${exampleId}") { id } }` });
  const { socket, received } = openConnection(gateway.url);
  socket.write(slow + request.repeat(16));
  await expect.poll(() => received().match(/HTTP\/1\.1 200/g)).toHaveLength(17);
  let parsed = 0;
  const onRequest = () => void (parsed += 1);
  subscribe('http.server.request.start', onRequest);
  onTestFinished(() => void unsubscribe('http.server.request.start', onRequest));
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'hang' } });
  expect(await sendBytes(gateway.url, slow + request.repeat(1_100))).toBe('');
  // Those behind it are no requests to anybody, and take no memory.
  expect(parsed).toBe(18);
  const refused = () => gateway.logs.filter((line) => line['reason'] === 'too_many_pipelined');
  expect(refused()).toMatchObject([{ status: 400 }]);
  await expect.poll(() => gateway.logs.filter(({ msg }) => msg === 'request')).toHaveLength(17 + 17 + 1);
});

test('a connection whose requests came in one piece is soon closed when it is idle, though all were answered at once', async () => {
  const gateway = await startGateway({ http: { maxConnections: 10, receiveTimeoutMs: 1_000 } });
  // Answered before its body, during which Node.js ends the answer.
  const unknown = request.replace('/graphql', '/unknown');
  const waits = openConnection(gateway.url);
  waits.socket.write(unknown);
  await expect.poll(waits.received).toContain('404 Not Found');
  const sends = openConnection(gateway.url);
  sends.socket.write(unknown.repeat(3));
  await expect.poll(() => sends.socket.readyState).toBe('closed');
  expect(sends.received().match(/HTTP\/1\.1 404/g)).toHaveLength(3);
  expect(waits.socket.readyState).toBe('open');
});

test.each([
  [400, 'what is not HTTP', 'GARBAGE\r\n\r\n'],
  [431, 'headers too large', request.replace('host', `a: ${'x'.repeat(20_000)}\r\nhost`)],
  [405, 'a tunnel', 'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n'],
])('a good request is answered first, then the %i to %s behind it', async (status, _, bytes) => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'delay', delayMs: 100 } });
  const slow = requestOf({ query: `{ persona(id: "${exampleId}") { id } }` });
  const answer = await sendBytes(gateway.url, slow + bytes + request);
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', `HTTP/1.1 ${status}`]);
});

test('what is not HTTP behind the last request of a connection has no answer', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'delay', delayMs: 100 } });
  const slow = requestOf({ query: `{ persona(id: "${exampleId}") { id } }` });
  const last = slow.replace('host', 'connection: close\r\nhost');
  const answer = await sendBytes(gateway.url, `${last}GARBAGE\r\n\r\n`);
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
});

test('one connection may bring thousands of requests', { timeout: 20_000 }, async () => {
  const gateway = await startGateway({});
  const { socket, received } = openConnection(gateway.url);
  const answers = () => received().split(answered).length - 1;
  for (let sent = 16; sent <= 2_000; sent += 16) {
    socket.write(request.repeat(16));
    while (answers() < sent) await setImmediate();
  }
  expect(answers()).toBe(2_000);
});

test('HTTP/1.0 is answered, with or without a host, and its connection closed', async () => {
  const gateway = await startGateway();
  for (const host of ['', 'host: x\r\n']) {
    const answer = await sendBytes(gateway.url, `POST /graphql HTTP/1.0\r\n${host}${headers}\r\n${body}`);
    expect(answer).toContain(answered);
    expect(answer).toMatch(/^connection: close\r$/im);
  }
});

test.each(['http://x/graphql', 'HTTP://x:80/graphql?a=/x'])(
  'the absolute form %s is the same path',
  async (url) => {
    const gateway = await startGateway();
    expect(await sendBytes(gateway.url, lastRequest.replace('/graphql', url))).toContain(answered);
  },
);

test.each([
  'http://x/graphql/',
  'http://x/a/../graphql',
  'ftp://x/graphql',
  '*',
  '/./graphql',
  '/%67raphql',
  '/graphql%00',
  '/graphql#x',
  '/graphql;x',
])('the target %s is a 404', async (target) => {
  const gateway = await startGateway();
  const answer = await sendBytes(gateway.url, lastRequest.replace('/graphql', target));
  expect(errorIn(answer).status).toBe(404);
});

test.each(['http:/graphql', '\\graphql', 'graphql'])('the target %s is a 400', async (target) => {
  const gateway = await startGateway();
  const answer = await sendBytes(gateway.url, lastRequest.replace('/graphql', target));
  expect(errorIn(answer).status).toBe(400);
});

test.each(['websocket', 'h2c', 'canary'])(
  'a request to upgrade to %s is answered as any other',
  async (protocol) => {
    const gateway = await startGateway();
    const upgrade = `connection: upgrade, close\r\nupgrade: ${protocol}\r\nhost`;
    expect(await sendBytes(gateway.url, request.replace('host', upgrade))).toContain(answered);
    const bare = `PUT /graphql HTTP/1.1\r\n${upgrade}: x\r\n\r\n`;
    expect(errorIn(await sendBytes(gateway.url, bare)).status).toBe(405);
  },
);

const withId = (id: string, of = request) => of.replace('host', `x-request-id: ${id}\r\nhost`);
const idsIn = (answers: string) => [...answers.matchAll(/x-request-id: (\w+)/g)].map(([, id]) => id);
const slowly = requestOf({ query: `{ persona(id: "${exampleId}") { id } }` });

describe.each(['websocket', 'h2c', 'canary'])('a request to upgrade to %s', (protocol) => {
  const upgrading = withId('upgrade').replace('host', `connection: upgrade\r\nupgrade: ${protocol}\r\nhost`);
  const withoutBody = upgrading.replace('POST', 'PUT').replace(headers, '').replace(body, '');
  const inChunks = upgrading
    .replace(/content-length: \d+/, 'transfer-encoding: chunked')
    .replace(body, `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);

  test.each([
    ['with a body', upgrading],
    ['without a body', withoutBody],
    ['with a body in chunks', inChunks],
  ])('%s is answered in its turn, and its connection closed', async (_, bytes) => {
    const gateway = await startGateway();
    gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'delay', delayMs: 100 } });
    const parts = [withId('slow', slowly), withId('before'), bytes, withId('behind'), withId('last')];
    // In one piece, in one for each request, and cut inside of the last ones.
    for (const pieces of [[parts.join('')], parts, cut(parts.join(''), 900)]) {
      const { socket, closed } = openConnection(gateway.url);
      for (const piece of pieces) {
        socket.write(piece);
        await setTimeout(5);
      }
      const answers = await closed;
      expect(idsIn(answers)).toEqual(['slow', 'before', 'upgrade']);
      expect(answers.match(/^connection: close\r$/gim)).toHaveLength(1);
      expect(answers).toMatch(bytes === withoutBody ? /HTTP\/1\.1 405 [^\0]*$/ : /Query"}}$/);
    }
    // What comes behind it is no request to anybody.
    expect(gateway.logText()).not.toMatch(/"requestId":"(behind|last)"/);
  });
});

function cut(text: string, length: number): string[] {
  return [text.slice(0, length), text.slice(length)];
}

const tunnel = 'CONNECT canary:443 HTTP/1.1\r\nhost: canary\r\nx-api-key: canary\r\n\r\n';

test('whoever asks for a tunnel is told that this is no proxy, and what it sends on is thrown away', async () => {
  const gateway = await startGateway();
  const { socket, received, closed } = openConnection(gateway.url);
  socket.write(`${tunnel}canary`);
  await expect.poll(received).toContain('\r\n\r\n{');
  socket.write(`canary${request}`);
  const answer = await closed;
  expect(errorIn(answer)).toEqual({
    status: 405,
    code: 'BAD_REQUEST',
    message: 'This is no proxy: send GraphQL requests with POST.',
  });
  expect(answer).toMatch(/^allow: POST\r$/m);
  expect(answer).toMatch(/^connection: close\r$/m);
  for (const pattern of secured) expect(answer).toMatch(pattern);
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 405']);
  expect(gateway.logs).toMatchObject([{ msg: 'request', route: 'unknown', status: 405, reason: 'CONNECT' }]);
  expect(answer + gateway.logText()).not.toContain('canary');
});

test('a client that asks for a tunnel and resets the connection harms nobody', async () => {
  const gateway = await startGateway();
  const connections = Array.from({ length: 20 }, () => openConnection(gateway.url));
  for (const { socket } of connections) socket.write(tunnel, () => socket.resetAndDestroy());
  await Promise.all(connections.map(({ closed }) => closed));
  expect(await sendBytes(gateway.url, lastRequest)).toContain(answered);
});

test.each([
  ['a tunnel', `${tunnel}${request}`],
  ['what is not HTTP', 'GARBAGE\r\n\r\n'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a body that is none', request.replace(/content-length: \d+/, 'transfer-encoding: chunked')],
])('all good requests in front of %s are answered in their order', async (_, bytes) => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'delay', delayMs: 100 } });
  const answers = await sendBytes(
    gateway.url,
    withId('first', slowly) + withId('second') + withId('third', slowly) + bytes,
  );
  expect(idsIn(answers).slice(0, 3)).toEqual(['first', 'second', 'third']);
  expect(answers.match(/HTTP\/1\.1 \d+/g)?.slice(0, 3)).toEqual(Array(3).fill('HTTP/1.1 200'));
});

test('requests in front of a tunnel end with the connection', async () => {
  const gateway = await startGateway({ timeoutMs: 60_000, requestTimeoutMs: 60_000 });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const { socket } = openConnection(gateway.url);
  socket.write(slowly + slowly + tunnel);
  await expect.poll(() => gateway.sandbox.requests.length).toBeGreaterThan(0);
  socket.destroy();
  await expect.poll(() => gateway.logs).toMatchObject([{ aborted: true }, { aborted: true }]);
});

test('a client that leaves after it asked for a tunnel behind a request takes its reads along', async () => {
  const gateway = await startGateway({ timeoutMs: 60_000, requestTimeoutMs: 60_000 });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const query = JSON.stringify({ query: `{ persona(id: "${exampleId}") { id } }` });
  const { socket } = openConnection(gateway.url);
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${query.length}\r\n\r\n${query}${tunnel}`,
  );
  await expect.poll(() => gateway.sandbox.requests.length).toBe(1);
  socket.destroy();
  await expect.poll(() => gateway.sandbox.requests).toMatchObject([{ aborted: true }]);
  await expect.poll(() => gateway.logs).toMatchObject([{ aborted: true }]);
});

test('the gateway stops without waiting for those who asked for a tunnel', async () => {
  const gateway = await startGateway();
  const { socket, received } = openConnection(gateway.url);
  socket.write(tunnel);
  await expect.poll(received).toContain('HTTP/1.1 405');
  await gateway.close(60_000);
});

test('the API key of a malformed request is in no log', async () => {
  const gateway = await startGateway({ auth: { mode: 'forward' } });
  await sendBytes(
    gateway.url,
    `GET / HTTP/1.1\r\nhost: x\r\nx-api-key: ${clinic.apiKey}\r\nbad header\r\n\r\n`,
  );
  expect(gateway.logs).toHaveLength(1);
  expect(gateway.logText()).not.toContain(clinic.apiKey);
});
