import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { sendBytes } from '../support/raw-socket.ts';
import { sectionOf } from './guide.ts';

/** The guide's rows: what a router does, the status and the sentence of the answer. */
const rows = sectionOf('What it does not do')
  .match(/^\|.*\|$/gm)
  ?.slice(2)
  .map((row) => /^\| (.+?) +\| (\d+) `(.+?)` +\|/.exec(row)?.slice(1, 4) ?? []) as [string, string, string][];

const typename = { query: '{ __typename }' };

/** The head and body of a request as a router sends it. */
const requests: Readonly<Record<string, { headers: string; body: string | Buffer }>> = {
  'compresses requests': { headers: 'content-encoding: gzip\r\n', body: gzipSync(JSON.stringify(typename)) },
  'sends several operations at once': { headers: '', body: JSON.stringify([typename, typename]) },
  'sends a hash instead of the query': {
    headers: '',
    body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
  },
};

function bytesOf(name: string): string {
  if (name === 'speaks HTTP/2 without TLS (h2c)') return 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const { headers, body } = requests[name] ?? { headers: '', body: '' };
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n${headers}`;
  return `${head}content-length: ${body.length}\r\n\r\n${body.toString('latin1')}`;
}

test.each(rows)('a router that %s is answered with %s and what to do', async (name, status, sentence) => {
  const gateway = await startGateway();
  const answer = await sendBytes(gateway.url, bytesOf(name));
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  const { errors } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { errors: object[] };
  expect(errors).toMatchObject([
    {
      message: sentence,
      extensions: { code: status === '200' ? 'PERSISTED_QUERY_NOT_SUPPORTED' : 'BAD_REQUEST' },
    },
  ]);
});

test('an offer of HTTP/2 is ignored, and no answer is compressed', async () => {
  expect(rows).toHaveLength(4);
  const gateway = await startGateway();
  const body = JSON.stringify(typename);
  const answer = await sendBytes(
    gateway.url,
    'POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, HTTP2-Settings, close\r\nupgrade: h2c\r\n' +
      'http2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\naccept-encoding: gzip, br\r\ncontent-type: application/json\r\n' +
      `content-length: ${body.length}\r\n\r\n${body}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n\{"data":\{"__typename":"Query"\}\}$/s);
  expect(answer).not.toMatch(/content-encoding/i);
});
