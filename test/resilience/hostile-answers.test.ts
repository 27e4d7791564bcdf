import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { exampleId, startGateway } from '../support/gateway.ts';
import { startHttpUpstream, startTcpUpstream } from '../support/upstreams.ts';

const secret = 'canary-9c1e';

/** One read; the code of its one error. Nothing of what the upstream said may be in the answer or the log. */
async function codeOf(baseUrl: string) {
  const gateway = await startGateway({ baseUrl, timeoutMs: 1_000 });
  const { data, errors } = await gateway.query(personaQuery, { id: exampleId });
  expect(data).toEqual({ persona: null });
  expect(errors).toHaveLength(1);
  expect(JSON.stringify(errors) + gateway.logText()).not.toContain(secret);
  return errors?.[0]?.extensions.code;
}

const raw = (text: string, end: 'reset' | 'end' | 'open' = 'end') =>
  startTcpUpstream((socket) => {
    socket.write(text, 'latin1', () => {
      if (end === 'reset') socket.resetAndDestroy();
      if (end === 'end') socket.end();
    });
  });

const body = JSON.stringify({ id: exampleId, name: secret });

test.each<[string, string, 'reset' | 'end' | 'open', string]>([
  [
    'half a body and a reset',
    `HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n${secret}`,
    'reset',
    'UPSTREAM_UNAVAILABLE',
  ],
  [
    'half a body and an end',
    `HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n${secret}`,
    'end',
    'UPSTREAM_UNAVAILABLE',
  ],
  [
    'half a body and silence',
    `HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n${secret}`,
    'open',
    'UPSTREAM_TIMEOUT',
  ],
  ['half a header and silence', `HTTP/1.1 200 OK\r\nx-canary: ${secret}`, 'open', 'UPSTREAM_TIMEOUT'],
  ['nothing but an end', '', 'end', 'UPSTREAM_UNAVAILABLE'],
  [
    'a broken chunk',
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${secret}\r\n`,
    'end',
    'UPSTREAM_INVALID_RESPONSE',
  ],
  [
    'two lengths',
    `HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 90\r\n\r\n${body}`,
    'end',
    'UPSTREAM_INVALID_RESPONSE',
  ],
  [
    'a length and chunks',
    `HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    'end',
    'UPSTREAM_INVALID_RESPONSE',
  ],
  [
    '10,000 headers',
    `HTTP/1.1 200 OK\r\n${`x-canary: ${secret}\r\n`.repeat(10_000)}\r\n`,
    'end',
    'UPSTREAM_INVALID_RESPONSE',
  ],
  ['a status that is none', `HTTP/1.1 999 ${secret}\r\ncontent-length: 0\r\n\r\n`, 'end', 'UPSTREAM_ERROR'],
  [
    'a switch of protocols',
    `HTTP/1.1 101 ${secret}\r\nupgrade: canary\r\nconnection: upgrade\r\n\r\n`,
    'end',
    'UPSTREAM_UNAVAILABLE',
  ],
])('%s is one clean error', async (_name, text, end, code) => {
  expect(await codeOf(await raw(text, end))).toBe(code);
});

test('answers after the answer do not become the answer to somebody else', async () => {
  const smuggled = JSON.stringify({ id: exampleId, name: secret });
  const baseUrl = await startTcpUpstream((socket, request) => {
    const id = /customer-persona\/(\S+)/.exec(request)?.[1];
    const good = JSON.stringify({ id, name: 'mine' });
    const head = 'HTTP/1.1 200 OK\r\ncontent-length: ';
    socket.write(`${head}${good.length}\r\n\r\n${good}${head}${smuggled.length}\r\n\r\n${smuggled}`);
  });
  const gateway = await startGateway({ baseUrl });
  for (let read = 0; read < 20; read += 1) {
    const { data } = await gateway.query(personaQuery, { id: exampleId });
    expect(data?.persona?.name ?? 'mine').toBe('mine');
  }
});

test('early hints before the answer are passed over', async () => {
  const text = `HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const gateway = await startGateway({ baseUrl: await raw(text, 'open') });
  expect((await gateway.query(personaQuery, { id: exampleId })).data?.persona?.name).toBe(secret);
});

test('bodies of 100 MB are cut off, with and without a length, and memory stays flat', async () => {
  const megabyte = Buffer.alloc(1_000_000, ' ');
  let sent = 0;
  const baseUrl = await startHttpUpstream((_request, response) => {
    if (sent === 0) response.setHeader('content-length', 100 * megabyte.length);
    const write = () => {
      while (!response.destroyed && sent < 200_000_000) {
        sent += megabyte.length;
        if (!response.write(megabyte)) {
          response.once('drain', write);
          return;
        }
      }
    };
    write();
  });
  const before = process.memoryUsage();
  expect(await codeOf(baseUrl)).toBe('UPSTREAM_INVALID_RESPONSE');
  expect(await codeOf(baseUrl)).toBe('UPSTREAM_INVALID_RESPONSE');
  expect(sent).toBeLessThan(20_000_000);
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(20_000_000);
});

test('a gzip bomb does not go off', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
  const baseUrl = await startHttpUpstream((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
  });
  expect(await codeOf(baseUrl)).toBe('UPSTREAM_INVALID_RESPONSE');
});
