import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, isRefused, post, send } from '../attack.ts';
import type { Attack } from '../attack.ts';
import type { Target } from '../production.ts';

const typename = '{"query":"{ __typename }"}';
const head = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`;

const idOf = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

/** Sends bytes, and gives back what came when the gateway closed the connection. */
function sendBytes({ url }: Target, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => {}).once('close', () => resolve(received));
  });
}

/** Bytes that are refused, with an error in JSON that repeats none of them, on a connection that is then closed. */
function bytesAreRefused(
  name: string,
  status: number,
  bytes: string,
  settings: Readonly<Record<string, string>> = {},
): Attack {
  return {
    name,
    expected: `${status} BAD_REQUEST`,
    settings,
    async attempt(target) {
      const answer = await sendBytes(target, bytes);
      const [line = ''] = answer.split('\r\n', 1);
      const held =
        answer.match(/^HTTP\/1\.1 \d+/gm)?.join() === `HTTP/1.1 ${status}` &&
        answer.includes('"code":"BAD_REQUEST"') &&
        answer.includes('x-content-type-options: nosniff') &&
        !/canary/i.test(answer + target.output());
      return { held, seen: line === '' ? 'closed' : line.slice(9) };
    },
  };
}

const items: readonly Attack[] = [
  bytesAreRefused('a tunnel', 405, 'CONNECT canary:443 HTTP/1.1\r\nhost: canary:443\r\n\r\ncanary'),
  bytesAreRefused(
    'request smuggling: both lengths',
    400,
    `${head}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /canary HTTP/1.1\r\nhost: x\r\n\r\n`,
  ),
  bytesAreRefused(
    'request smuggling: two lengths',
    400,
    `${head}content-length: 4\r\ncontent-length: 5\r\n\r\n`,
  ),
  bytesAreRefused(
    'request smuggling: a space before the colon',
    400,
    `${head}transfer-encoding : chunked\r\n\r\n0\r\n\r\n`,
  ),
  bytesAreRefused(
    'request smuggling: a coding before the chunks',
    501,
    `${head}transfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n`,
  ),
  bytesAreRefused('HTTP/2.0 without HTTP/2', 505, 'GET /graphql HTTP/2.0\r\nhost: canary\r\n\r\n'),
  {
    name: 'a thousand requests in one piece',
    // Whoever is still sending may see the end before the last answers.
    expected: 'at most 17 answers and a 400, and the end',
    async attempt(target) {
      const bytes = `${head}content-length: ${typename.length}\r\n\r\n${typename}`;
      const answer = await sendBytes(target, bytes.repeat(1_000));
      const statuses = answer.match(/^HTTP\/1\.1 \d+/gm) ?? [];
      return {
        held: statuses.length <= 18 && !statuses.slice(17).includes('HTTP/1.1 200'),
        seen: `${statuses.length} answers, the last ${statuses.at(-1)?.slice(9)}`,
      };
    },
  },
  bytesAreRefused('two hosts', 400, `${head}host: canary\r\ncontent-length: 0\r\n\r\n`),
  bytesAreRefused('header injection by a bare line feed', 400, `${head}a: b\nx-canary: c\r\n\r\n`),
  bytesAreRefused('large headers', 431, `${head}a: ${'canary'.repeat(10_000)}\r\n\r\n`),
  bytesAreRefused('a long URL', 431, `GET /graphql?${'canary'.repeat(10_000)} HTTP/1.1\r\nhost: x\r\n\r\n`),
  bytesAreRefused('slow headers', 408, 'POST /graphql HTTP/1.1\r\nhost: canary', {
    RECEIVE_TIMEOUT_MS: '300',
  }),
  bytesAreRefused('a slow body', 408, `${head}content-length: 99\r\n\r\n{"canary`, {
    RECEIVE_TIMEOUT_MS: '300',
  }),
  bytesAreRefused('a huge body, announced', 413, `${head}content-length: 9999999999\r\n\r\n`),
  isRefused('a large body', 413, (target) => post(target, 'x'.repeat(2_000_000))),
  isRefused('a compressed body', 415, (target) => post(target, typename, { 'content-encoding': 'gzip' })),
  isRefused('another spelling of the path', 404, (target) => send(target, { method: 'POST' }, '//graphql')),
  {
    name: 'a page of another origin',
    expected: 'no header that allows it',
    settings: { CORS_ORIGINS: 'https://app.example.com' },
    async attempt(target) {
      const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' };
      const preflight = await send(target, { method: 'OPTIONS', headers });
      const answer = await post(target, typename, { origin: 'https://elsewhere.example' });
      const allowed = [preflight, answer].map((each) => each.headers['access-control-allow-origin']);
      return { held: preflight.status === 403 && !allowed.some(Boolean), seen: describe(preflight) };
    },
  },
  {
    name: 'requests without end, with another invented key and address each',
    expected: '429 RATE_LIMITED',
    settings: { RATE_LIMIT: '5/3600', BLUEJAY_AUTH: 'forward' },
    async attempt(target) {
      const statuses: number[] = [];
      for (let sent = 0; sent < 10; sent += 1) {
        const headers = { 'x-api-key': `invented-${sent}`, 'x-forwarded-for': `192.0.2.${sent}` };
        // oxlint-disable-next-line no-await-in-loop -- one after the other, as points are taken
        statuses.push((await post(target, typename, headers)).status);
      }
      return { held: statuses.at(-1) === 429, seen: statuses.join(' ') };
    },
  },
  {
    name: 'requests of many reads, all at once',
    expected: '200 once, 429 RATE_LIMITED',
    settings: { RATE_LIMIT: '50/3600' },
    async attempt(target) {
      const reads = target.upstreamReads();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, series) =>
          post(target, {
            query: 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }',
            variables: { ids: Array.from({ length: 100 }, (_each, index) => idOf(series * 100 + index)) },
          }),
        ),
      );
      const answered = answers.filter(({ status }) => status === 200).length;
      const refused = answers.filter(({ code }) => code === 'RATE_LIMITED').length;
      const made = target.upstreamReads() - reads;
      return {
        held: answered === 1 && refused === 19 && made === 100,
        seen: `200 ${answered === 1 ? 'once' : `${answered} times`}, 429 ${refused} times, ${made} reads`,
      };
    },
  },
  {
    name: 'more connections than allowed',
    expected: 'closed, while those with a request are served',
    settings: { MAX_CONNECTIONS: '3' },
    async attempt(target) {
      const { port } = new URL(target.url);
      const busy: Socket[] = [];
      // Connections of what went before may be there still: idle ones make room.
      for (let tries = 0; busy.length < 3 && tries < 100; tries += 1) {
        const socket = connect(Number(port), '127.0.0.1');
        socket.write(`${head}expect: 100-continue\r\ncontent-length: ${typename.length}\r\n\r\n`);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        if ((await nextBytes(socket)).startsWith('HTTP/1.1 100 ')) busy.push(socket);
      }
      const fourth = await sendBytes(target, `GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      const [first] = busy;
      first?.write(typename);
      const served = first === undefined ? '' : await nextBytes(first);
      for (const socket of busy) socket.destroy();
      return {
        held: busy.length === 3 && fourth === '' && served.startsWith('HTTP/1.1 200 '),
        seen: `${fourth === '' ? 'closed' : 'served'}, ${served.slice(9, 12)}`,
      };
    },
  },
  {
    name: 'requests whose body never comes',
    expected: 'others are served',
    async attempt(target) {
      const { port } = new URL(target.url);
      const sockets = Array.from({ length: 20 }, () => connect(Number(port), '127.0.0.1'));
      for (const socket of sockets) socket.write(`${head}content-length: 99\r\n\r\n`);
      const answers = [];
      for (let left = 20; left > 0; left -= 1) {
        // oxlint-disable-next-line no-await-in-loop -- while the others arrive
        answers.push(await post(target, typename));
      }
      for (const socket of sockets) socket.destroy();
      const refused = answers.find(({ status }) => status !== 200);
      return { held: refused === undefined, seen: refused === undefined ? '200' : describe(refused) };
    },
  },
];

/** @returns nothing where the connection is closed */
function nextBytes(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1')));
    socket.once('error', () => resolve(''));
    socket.once('close', () => resolve(''));
  });
}

export const http: readonly Attack[] = items.map((item) => ({ ...item, name: `HTTP: ${item.name}` }));
