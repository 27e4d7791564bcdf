import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { exampleId, startGateway } from '../support/gateway.ts';
import { startHttpUpstream, startTcpUpstream } from '../support/upstreams.ts';

const secret = 'canary-9c1e';

/** One read; the code of its one error. Nothing of what the upstream said may be in the answer or the log. */
async function codeOf(baseUrl: string, timeoutMs = 5_000) {
  const gateway = await startGateway({ baseUrl, timeoutMs });
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
  expect(await codeOf(await raw(text, end), end === 'open' ? 300 : undefined)).toBe(code);
});

/** Enough for the headers of an answer whose body never ends. */
const headersMs = 1_000;

test.each([
  ['401 Unauthorized', 'UNAUTHENTICATED'],
  ['403 Forbidden', 'FORBIDDEN'],
  ['429 Too Many Requests', 'RATE_LIMITED'],
  ['500 Internal Server Error', 'UPSTREAM_ERROR'],
])('a %s is one, whether its body breaks off or never ends', async (status, code) => {
  const text = `HTTP/1.1 ${status}\r\ncontent-length: 100\r\n\r\n${secret}`;
  expect(await codeOf(await raw(text, 'end'))).toBe(code);
  expect(await codeOf(await raw(text, 'reset'))).toBe(code);
  expect(await codeOf(await raw(text, 'open'), headersMs)).toBe(code);
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

const answerOf = (name: string) => {
  const text = JSON.stringify({ id: exampleId, name });
  return `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
};

const goOn = 'HTTP/1.1 100 Continue\r\n\r\n';
const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\nlink: <y>\r\n\r\n';

test.each([
  ['a 100 Continue', goOn],
  ['a 100 with headers, in the words of HTTP/1.0', 'HTTP/1.0 100 Go on\r\ncontent-length: 9\r\n\r\n'],
  ['a 102 Processing', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ['a 103 Early Hints', hints],
  ['a 104 that nobody knows, without a reason', 'HTTP/1.1 104 \r\n\r\n'],
  ['many of them', (goOn + hints).repeat(50)],
])('%s before the answer is passed over, in one piece or byte by byte', async (_name, interim) => {
  let pieces = [interim + answerOf('whole')];
  const baseUrl = await startTcpUpstream((socket) => {
    socket.setNoDelay();
    void (async () => {
      for (const piece of pieces) {
        // oxlint-disable-next-line no-await-in-loop -- each in a packet of its own
        await new Promise((resolve) => {
          socket.write(piece, 'latin1', resolve);
        });
      }
    })();
  });
  const gateway = await startGateway({ baseUrl });
  const read = async () => (await gateway.query(personaQuery, { id: exampleId })).data?.persona?.name;
  expect(await read()).toBe('whole');
  pieces = (interim + answerOf('byte by byte')).split('');
  expect(await read()).toBe('byte by byte');
});

test('what looks like an interim answer inside a body stays there', async () => {
  const text = JSON.stringify({ id: exampleId, name: 'whole' });
  const baseUrl = await startTcpUpstream((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length + goOn.length}\r\n\r\n`, () => {
      // A read of its own, which begins as an interim answer does.
      setTimeout(() => socket.write(goOn + text), 20);
    });
  });
  expect(await codeOf(baseUrl)).toBe('UPSTREAM_INVALID_RESPONSE');
});

test.each([
  ['that never end', goOn, true],
  ['of 100 MB', `HTTP/1.1 100 ${secret}`, true],
  ['that are cut off', 'HTTP/1.1 10', false],
])('interim answers %s are one clean error', async (_name, text, isEndless) => {
  const baseUrl = await startTcpUpstream((socket) => {
    const write = (): unknown =>
      !socket.destroyed && socket.write(text.repeat(1_000), () => setImmediate(write));
    if (isEndless) write();
    else socket.end(text);
  });
  expect(await codeOf(baseUrl, 300)).toMatch(/^UPSTREAM_(TIMEOUT|UNAVAILABLE|INVALID_RESPONSE)$/);
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

/** One read of a persona, answered with that status and body. */
async function readAnswer(status: number, bytes: Buffer | string, headers: Record<string, string> = {}) {
  const baseUrl = await startHttpUpstream((_request, response) => {
    response.writeHead(status, headers).end(bytes);
  });
  const gateway = await startGateway({ baseUrl });
  const { data, errors } = await gateway.query(personaQuery, { id: exampleId });
  return errors?.[0]?.extensions.code ?? data?.persona?.name;
}

const named = (name: string) => JSON.stringify({ id: exampleId, name });

test('a 203 is a good answer, and no other 2xx but the 200 is', async () => {
  expect(await readAnswer(203, named('transformed'))).toBe('transformed');
  for (const status of [201, 202, 204, 205, 206, 207, 226, 299]) {
    expect([status, await readAnswer(status, named('odd'))]).toEqual([status, 'UPSTREAM_ERROR']);
  }
});

const withBytes = (...bytes: number[]) => {
  const [before, after] = named('|')
    .split('|')
    .map((part) => Buffer.from(part));
  return Buffer.concat([before, Buffer.from(bytes), after].filter((part) => part !== undefined));
};
const latin1 = Buffer.from(named('Müller'), 'latin1');

test.each<[string, Buffer, Record<string, string>]>([
  ['Latin-1', latin1, {}],
  ['Latin-1 that says so', latin1, { 'content-type': 'application/json; charset=iso-8859-1' }],
  ['a surrogate on its own', withBytes(0xed, 0xa0, 0x80), {}],
  ['a character that is cut off', withBytes(0xc3), {}],
  ['an overlong slash', withBytes(0xc0, 0xaf), {}],
  ['UTF-16', Buffer.from(`\ufeff${named('Müller')}`, 'utf16le'), {}],
])('a body of %s is refused, not repaired', async (_name, bytes, headers) => {
  expect(await readAnswer(200, bytes, headers)).toBe('UPSTREAM_INVALID_RESPONSE');
  expect(await readAnswer(422, bytes, headers)).toBe('UPSTREAM_INVALID_RESPONSE');
});

test('UTF-8 is read as UTF-8, whatever the charset, and a byte order mark is skipped', async () => {
  const names = ['Müller', '\ufffd is what it says', '👩‍⚕️', '\ufeff inside'];
  for (const name of names) {
    expect(await readAnswer(200, named(name), { 'content-type': 'text/plain; charset=latin1' })).toBe(name);
    expect(await readAnswer(200, `\ufeff${named(name)}`)).toBe(name);
  }
});

test('no encoding of the body is asked for', async () => {
  const gateway = await startGateway();
  await gateway.query(personaQuery, { id: exampleId });
  expect(gateway.sandbox.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['identity']);
});
