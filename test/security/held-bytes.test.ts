import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Chunks } from '../../src/shared/chunks.ts';
import { exampleId, someIds, startGateway } from '../support/gateway.ts';
import { manyTimes, openConnection, requestOf } from '../support/raw-socket.ts';
import type { RawConnection } from '../support/raw-socket.ts';

const mebibyte = 1_048_576;
const head = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${mebibyte}\r\n\r\n`;

/** A request of a mebibyte. */
function largeBody(query: string): string {
  const around = JSON.stringify({ query, padding: '' });
  return JSON.stringify({ query, padding: 'x'.repeat(mebibyte - around.length) });
}

const whole = largeBody('{ __typename }');
const unfinished = whole.slice(0, -6);

function openUnfinished(url: string, count: number): RawConnection[] {
  return Array.from({ length: count }, () => {
    const connection = openConnection(url);
    connection.socket.write(head + unfinished);
    return connection;
  });
}

const isRefused = ({ received }: RawConnection) => received().startsWith('HTTP/1.1 503 ');

test('unfinished bodies have 64 MiB together: the oldest have to go, and small requests are answered', async () => {
  const gateway = await startGateway();
  const first = openUnfinished(gateway.url, 60);
  // All of them have arrived when one that came later is answered in full.
  const [later] = openUnfinished(gateway.url, 1);
  later?.socket.write(whole.slice(-6));
  await expect.poll(() => later?.received()).toContain('{"data":{"__typename":"Query"}}');
  expect(first.filter(isRefused)).toEqual([]);

  const second = openUnfinished(gateway.url, 20);
  await expect.poll(() => first.filter(isRefused).length).toBe(16);
  await expect.poll(() => first.find(isRefused)?.received()).toMatch(/"code":"OVERLOADED".*"retryable":true/);
  expect(second.filter(isRefused)).toEqual([]);
  for (const { socket } of second) socket.write(whole.slice(-6));
  for (const { received } of second) await expect.poll(received).toContain('"Query"');
  expect((await gateway.post({ query: '{ __typename }' })).status).toBe(200);

  // What those held who left is free again.
  for (const { socket } of [...first, ...second]) socket.destroy();
  const started = [...first, ...second].length + 2;
  await expect.poll(() => gateway.logs.filter(({ msg }) => msg === 'request').length).toBe(started);
  const third = openUnfinished(gateway.url, 60);
  const [last] = openUnfinished(gateway.url, 1);
  last?.socket.write(whole.slice(-6));
  await expect.poll(() => last?.received()).toContain('"Query"');
  expect(third.filter(isRefused)).toEqual([]);
});

test('a body that comes byte by byte takes no more room than another', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const body = Buffer.from(whole.slice(0, 200_000));
  const before = held();
  const chunks = new Chunks();
  for (let index = 0; index < body.length; index += 1) chunks.add(body.subarray(index, index + 1));
  expect(held() - before).toBeLessThan(2 * mebibyte);
  expect(chunks.join()).toEqual(body);
});

test('a large body counts as long as its request is executed, and makes nobody else go', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const hanging = someIds(64).map((id) => {
    const connection = openConnection(gateway.url);
    connection.socket.write(head + largeBody(`{ persona(id: "${id}") { id } }`));
    return connection;
  });
  await expect.poll(() => gateway.sandbox.requests.length).toBe(64);
  const refused = await gateway.post(whole);
  expect(refused.status).toBe(503);
  expect(await refused.text()).toContain('Too many large bodies');
  expect(hanging.filter(isRefused)).toEqual([]);
  expect((await gateway.post({ query: '{ __typename }' })).status).toBe(200);
  for (const { socket } of hanging) socket.destroy();
  await expect.poll(async () => (await gateway.post(whole)).status).toBe(200);
});

test('answers that nobody takes have 128 MiB together: the oldest have to go', async () => {
  const gateway = await startGateway();
  const params = manyTimes('description', 40, exampleId, 1_000);
  const request = requestOf(params);
  const size = (await (await gateway.post(params)).arrayBuffer()).byteLength;
  const room = Math.floor((128 * mebibyte) / size);
  const connections: RawConnection[] = [];
  const answered = () => gateway.sandbox.requests.length;
  for (let count = 1; count <= room + 2; count += 1) {
    const connection = openConnection(gateway.url);
    connections.push(connection);
    connection.socket.pause();
    connection.socket.write(request);
    await expect.poll(answered).toBe(count + 1);
  }
  const aborted = () => gateway.logs.filter((line) => line['aborted'] === true).length;
  await expect.poll(aborted).toBe(2);
  for (const { socket } of connections.slice(2)) socket.resume();
  await expect.poll(() => connections.slice(2).every(({ received }) => received().length > size)).toBe(true);

  // What was taken does not count any more.
  for (const { socket } of connections.slice(2)) {
    socket.pause().write(request);
    const before = answered();
    await expect.poll(answered).toBe(before + 1);
  }
  expect(aborted()).toBe(2);
}, 20_000);
