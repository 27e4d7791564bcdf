import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { onTestFinished, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { testConfig } from '../support/config.ts';
import { exampleId, startGateway } from '../support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from '../support/gateway.ts';
import { openConnection, requestOf } from '../support/raw-socket.ts';
import { startHttpUpstream } from '../support/upstreams.ts';

const megabytes = (count: number) => Buffer.alloc(count * 1_000_000, 'x');
const chunkOf = (bytes: Buffer) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes]);
const post = (...headers: string[]) =>
  ['POST /graphql HTTP/1.1', 'host: x', 'content-type: application/json', ...headers, '', ''].join('\r\n');
const length = 'content-length: 10000000';
const chunked = 'transfer-encoding: chunked';
const close = 'connection: close';
const statusesIn = (answers: string) => answers.match(/HTTP\/1\.1 \d+/g)?.map((line) => line.slice(9));

/**
 * What a client receives that reads nothing before it has sent everything, as blocking ones do.
 *
 * @throws where the connection is reset under it
 */
function sendBlindly(url: string, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.pause();
  return new Promise((resolve, reject) => {
    let received = '';
    socket.once('error', reject);
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      if (received.includes('"errors"')) resolve(received);
    });
    socket.once('close', () => resolve(received));
    socket.pause();
    socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))), () => socket.resume());
  });
}

const secret: TestGatewayOptions = { routerSecrets: ['the-secret-of-today'] };
const limited: TestGatewayOptions = { protection: { rateLimit: { points: 1, windowSeconds: 60 } } };

/** Sends a request that takes the only point. */
async function useUp(gateway: TestGateway): Promise<void> {
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  gateway.post({ query: `{ persona(id: "${exampleId}") { id } }` }).catch(() => {});
  await expect.poll(() => gateway.sandbox.requests.length).toBe(1);
}

test.each<[name: string, status: number, head: string, options?: TestGatewayOptions]>([
  ['a body too large', 413, post(length)],
  ['a body too large, the last on its connection', 413, post(length, close)],
  ['a body too large in chunks', 413, post(chunked)],
  ['a body too large in chunks, the last on its connection', 413, post(chunked, close)],
  ['a body too large over HTTP/1.0', 413, post(length).replace('1.1', '1.0')],
  ['a body too large that nobody asked for yet', 413, post(length, 'expect: 100-continue')],
  ['another path', 404, post(length, close).replace('/graphql', '/other')],
  ['another path in chunks', 404, post(chunked).replace('/graphql', '/other')],
  ['another method', 405, post(length, close).replace('POST', 'PUT')],
  ['a probe with a body', 405, post(chunked, close).replace('/graphql', '/health/live')],
  ['an unknown media type', 415, post(length, close).replace('json', 'xml')],
  ['an answer in a type that there is not', 406, post(length, close, 'accept: text/plain')],
  ['no router secret', 401, post(length, close), secret],
  ['no points left', 429, post(length, close), limited],
  ['an encoding', 501, post('transfer-encoding: gzip, chunked')],
  ['another version', 505, post(length).replace('1.1', '2.0')],
  ['no host', 400, post(length).replace('host: x', 'a: b')],
  ['a method that is none', 400, post(length).replace('POST', 'CANARY')],
  ['chunks that are none', 400, `${post(chunked)}no length\r\n`],
  ['headers too large', 431, post(length, `a: ${'x'.repeat(20_000)}`)],
  ['a tunnel', 405, 'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['an upgrade', 413, post(length, 'connection: upgrade', 'upgrade: h2c')],
])('%s: the %i reaches a client that is still sending 10 MB', async (_, status, head, options) => {
  const gateway = await startGateway(options);
  if (options?.protection !== undefined) await useUp(gateway);
  const body = head.includes(chunked) ? chunkOf(megabytes(10)) : megabytes(10);
  expect(statusesIn(await sendBlindly(gateway.url, head, body))).toEqual([String(status)]);
});

test('a refusal reaches a client that is still sending through a server of the embedder’s, too', async () => {
  const log = { level: 'silent', format: 'json', sampleSuccesses: 1 } as const;
  const gateway = await createGateway(testConfig({ log }));
  onTestFinished(() => gateway.close());
  const url = await startHttpUpstream(gateway.listener);
  expect(statusesIn(await sendBlindly(url, post(length, close), megabytes(10)))).toEqual(['413']);
});

test('a refusal behind a slow request waits for its turn, and reaches the client all the same', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'delay', delayMs: 100 } });
  const slow = requestOf({ query: `{ persona(id: "${exampleId}") { id } }` });
  const answers = await sendBlindly(gateway.url, slow, post(length, close), megabytes(10));
  expect(statusesIn(answers)).toEqual(['200', '413']);
});

test.each([
  ['a body of a known length', post('content-length: 10000000'), megabytes(10)],
  ['a body in chunks', post(chunked), Buffer.concat([chunkOf(megabytes(10)), Buffer.from('\r\n0\r\n\r\n')])],
])('a connection whose request with %s was refused brings further requests', async (_, head, body) => {
  const gateway = await startGateway();
  const { socket, received } = openConnection(gateway.url);
  socket.write(head.replace('/graphql', '/other'));
  await expect.poll(received).toMatch(/^HTTP\/1\.1 404 /);
  socket.write(body);
  socket.write(requestOf({ query: '{ __typename }' }));
  await expect.poll(() => statusesIn(received())).toEqual(['404', '200']);
});

test.each([
  ['the last request', post('content-length: 999999999999', close)],
  ['a request in chunks', post(chunked).replace('/graphql', '/other')],
  ['a request in chunks over HTTP/1.0', post(chunked).replace('/graphql', '/other').replace('1.1', '1.0')],
  ['a tunnel', 'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n'],
])('whoever sends on for ever after the answer to %s is cut off', async (_, head) => {
  const gateway = await startGateway();
  const { socket, received, closed } = openConnection(gateway.url);
  socket.allowHalfOpen = true;
  const bytes = head.includes(chunked) ? chunkOf(megabytes(1)) : megabytes(1);
  const flood = () =>
    void socket.write(bytes, (error) => {
      // Otherwise the flood goes on after the end, in the tests that follow.
      if (!error) setImmediate(flood);
    });
  socket.write(head, flood);
  await closed;
  expect(received()).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(socket.bytesWritten).toBeLessThan(64_000_000);
});

test('a client that takes long to send has its answer, too', async () => {
  // What is sent is looked at each half second.
  const gateway = await startGateway({ http: { receiveTimeoutMs: 3_000 } });
  const { socket, received, closed } = openConnection(gateway.url);
  socket.allowHalfOpen = true;
  socket.write(post(chunked, close).replace('/graphql', '/other'));
  await expect.poll(received).toMatch(/^HTTP\/1\.1 404 /);
  for (let sent = 0; sent < 12; sent += 1) {
    socket.write(chunkOf(megabytes(0.5)));
    await setTimeout(100);
  }
  expect(socket.destroyed).toBe(false);
  socket.end();
  await closed;
  expect(socket.errored).toBe(null);
});

test('the gateway stops without waiting for a client that goes on sending', async () => {
  const gateway = await startGateway();
  const { socket, received } = openConnection(gateway.url);
  socket.allowHalfOpen = true;
  socket.write(`${post(length, close)}x`);
  await expect.poll(received).toMatch(/^HTTP\/1\.1 413 /);
  await gateway.close(0);
});
