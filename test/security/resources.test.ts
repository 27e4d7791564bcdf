// What one caller, or anybody, may take of the gateway. `npm run audit:resources` does the same in full size, to a process
// with the defaults, and measures that process' memory.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import {
  createClient,
  isAnswered,
  requestBytes,
  unusedId,
  unusedKey,
} from '../../scripts/resources/client.ts';
import type { Client } from '../../scripts/resources/client.ts';
import { startUpstream, tenants } from '../../scripts/resources/upstream.ts';
import type { Upstream } from '../../scripts/resources/upstream.ts';
import { startGateway } from '../support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from '../support/gateway.ts';

const mebibyte = 1_048_576;
/** More than one key may have in flight. */
const tooMany = 100;
const aMinute = 60_000;

interface Scene {
  readonly gateway: TestGateway;
  readonly upstream: Upstream;
  readonly client: Client;
}

/** A gateway that forwards keys, and gives its requests a minute. */
async function setUp(options: TestGatewayOptions = {}): Promise<Scene> {
  const upstream = await startUpstream();
  onTestFinished(() => upstream.close());
  const gateway = await startGateway({
    auth: { mode: 'forward' },
    baseUrl: upstream.url,
    timeoutMs: aMinute,
    requestTimeoutMs: aMinute,
    ...options,
    protection: { memoryBudgetBytes: 64 * mebibyte, ...options.protection },
  });
  const client = createClient({ port: Number(new URL(gateway.url).port) });
  onTestFinished(() => client[Symbol.dispose]());
  return { gateway, upstream, client };
}

const read = (id = unusedId()) => JSON.stringify({ query: `{ persona(id: "${id}") { id } }` });
const many = <Value>(count: number, make: (index: number) => Value): Value[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Sends each text on a connection of its own, and waits until nothing moves any more. */
async function sendAll({ client, upstream }: Scene, texts: readonly string[]): Promise<void> {
  const sockets = await client.open(texts.length);
  for (const [index, socket] of sockets.entries()) socket.resume().write(texts[index] ?? '');
  // What was taken of each, and what Bluejay was asked: an event loop with work to do changes one of them.
  const state = () =>
    JSON.stringify([
      upstream.calls.size,
      sockets.map((socket) => [socket.bytesWritten, socket.writableLength, socket.bytesRead]),
    ]);
  let before = '';
  let same = 0;
  await expect
    .poll(
      () => {
        const now = state();
        same = now === before ? same + 1 : 0;
        before = now;
        return same;
      },
      { interval: 50, timeout: 30_000 },
    )
    .toBeGreaterThan(10);
}

const collect = (() => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/** What this process holds once all is collected that can be, in megabytes: the clients hold little. */
function heldMb(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

const isReady = async ({ gateway }: Scene) => (await fetch(`${gateway.url}/health/ready`)).status;

test.each([
  ['invented keys', () => unusedKey()],
  ['one tenant', () => tenants.one],
])('reads of %s that Bluejay does not answer take no place from another tenant', async (_, keyOf) => {
  const scene = await setUp({ cache: { ttlMs: aMinute } });
  const { client, upstream } = scene;
  const cachedId = unusedId();
  expect((await client.read(tenants.two, cachedId)).status).toBe(200);
  await client.read(tenants.one, unusedId());
  upstream.delayMs = aMinute;
  await sendAll(
    scene,
    many(tooMany, () => requestBytes(read(), [`x-api-key: ${keyOf()}`])),
  );
  expect(isAnswered(await client.read(tenants.two, cachedId))).toBe(true);
  upstream.delayMs = 0;
  expect(isAnswered(await client.read(tenants.two, unusedId()))).toBe(true);
  expect(await isReady(scene)).toBe(200);
});

test('a key that Bluejay has not seen is not refused for the invented keys of another address', async () => {
  const scene = await setUp({ protection: { trustedProxies: 1 } });
  const { client, upstream } = scene;
  upstream.delayMs = aMinute;
  await sendAll(
    scene,
    many(tooMany, () => requestBytes(read(), [`x-api-key: ${unusedKey()}`, 'x-forwarded-for: 192.0.2.1'])),
  );
  upstream.delayMs = 0;
  const answer = await client.read(tenants.two, unusedId(), '198.51.100.1');
  expect(isAnswered(answer)).toBe(true);
});

/** JSON text of a list that takes 24 times its length once it is parsed. */
const pairs = (bytes: number) => `[${many(Math.floor(bytes / 5), () => '[{}]').join(',')}]`;

/** A request for a persona, with a list in a place where it is of no use. */
const withJunk = {
  variables: (junk: string) =>
    `{"query":"{ persona(id: \\"${unusedId()}\\") { id } }","variables":{"unused":${junk}}}`,
  extensions: (junk: string) =>
    `{"query":"{ persona(id: \\"${unusedId()}\\") { id } }","extensions":{"unused":${junk}}}`,
  representations: (junk: string) =>
    `{"query":"query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }","variables":{"r":[{"__typename":"CustomerPersona","id":"${unusedId()}","unused":${junk}}]}}`,
};

test.each(['variables', 'extensions', 'representations'] as const)(
  'requests that wait do not hold what their %s say that nobody asked for',
  async (place) => {
    const scene = await setUp();
    scene.upstream.delayMs = aMinute;
    const beforeMb = heldMb();
    const junk = pairs(mebibyte - 1_000);
    await sendAll(
      scene,
      many(12, () => requestBytes(withJunk[place](junk), [`x-api-key: ${tenants.one}`])),
    );
    expect(heldMb() - beforeMb).toBeLessThan(100);
    expect(await scene.client.send({ query: '{ __typename }' }, { key: tenants.one })).toMatchObject({
      status: 200,
    });
  },
);

test('large bodies with invented keys take no room from a tenant’s', async () => {
  const scene = await setUp({ protection: { memoryBudgetBytes: 16 * mebibyte } });
  const { client, upstream } = scene;
  await client.read(tenants.two, unusedId());
  upstream.delayMs = aMinute;
  const padded = (query: string, bytes: number) =>
    JSON.stringify({ query, padding: 'x'.repeat(bytes - 100) });
  await sendAll(
    scene,
    many(16, () =>
      requestBytes(padded(`{ persona(id: "${unusedId()}") { id } }`, mebibyte), [
        `x-api-key: ${unusedKey()}`,
      ]),
    ),
  );
  const answer = await client.send(padded('{ __typename }', 33_000), { key: tenants.two });
  expect(answer).toMatchObject({ status: 200 });
});

test('a refusal that is remembered does not hold the name that the caller gave', async () => {
  const { client } = await setUp();
  const beforeMb = heldMb();
  for (let index = 0; index < 20; index += 1) {
    const operationName = `${'x'.repeat(1_000_000)}€`;
    const { text } = await client.send({ query: `{ a${index}`, operationName }, { key: tenants.one });
    expect(text).toContain('GRAPHQL_PARSE_FAILED');
  }
  expect(heldMb() - beforeMb).toBeLessThan(15);
});

test('requests that wait for one before them on their connection hold no headers', async () => {
  const scene = await setUp();
  scene.upstream.delayMs = aMinute;
  const headers = many(14, (index) => `x-padding-${index}: ${'x'.repeat(980)}`).join('\r\n');
  const behind = `GET /health/live HTTP/1.1\r\nhost: x\r\n${headers}\r\n\r\n`.repeat(400);
  const first = () => requestBytes(read(), [`x-api-key: ${unusedKey()}`]);
  const beforeMb = heldMb();
  await sendAll(
    scene,
    many(10, () => first() + behind),
  );
  expect(heldMb() - beforeMb).toBeLessThan(40);
});

test('requests that wait with many headers and values are bounded together', async () => {
  const scene = await setUp({ protection: { memoryBudgetBytes: 20 * mebibyte } });
  scene.upstream.delayMs = aMinute;
  const headers = many(14, (index) => `x-padding-${index}: ${'x'.repeat(980)}`);
  const beforeMb = heldMb();
  await sendAll(
    scene,
    many(300, () =>
      requestBytes(withJunk.representations(pairs(14_000)), [`x-api-key: ${unusedKey()}`, ...headers]),
    ),
  );
  expect(heldMb() - beforeMb).toBeLessThan(50);
});

test('clients that read none of their many small answers lose their connections', async () => {
  const http = { maxConnections: 5, receiveTimeoutMs: 1_000 };
  const { gateway, upstream, client } = await setUp({ http });
  upstream.description = 'x'.repeat(58_000);
  const request = () =>
    requestBytes(JSON.stringify({ query: `{ persona(id: "${unusedId()}") { description } }` }), [
      `x-api-key: ${tenants.one}`,
    ]);
  for (const socket of await client.open(5)) socket.pause().write(many(17, request).join(''));
  await expect.poll(() => upstream.calls.size).toBeGreaterThan(10);
  await expect
    .poll(async () => {
      const response = await fetch(`${gateway.url}/health/live`).catch(() => undefined);
      return response?.status;
    })
    .toBe(200);
});

test('lists that stall before their end are bounded together', async () => {
  const scene = await setUp();
  const { upstream } = scene;
  const fields = many(30, (index) => `a${index}: personasByAgent(agentId: "${index + 1}") { id }`);
  const beforeMb = heldMb();
  await sendAll(scene, [
    requestBytes(JSON.stringify({ query: `{ ${fields.join(' ')} }` }), [`x-api-key: ${tenants.one}`]),
  ]);
  await expect.poll(() => upstream.calls.size).toBeGreaterThan(0);
  expect(heldMb() - beforeMb).toBeLessThan(200);
});

test.each([
  ['entries', { maxEntries: 50 }, 'A patient.'],
  ['bytes', { maxEntries: 1_000, maxBytes: 1_000_000 }, 'x'.repeat(10_000)],
])(
  'a tenant that reads much once evicts no hot persona of another one: bound by %s',
  async (_, bound, description) => {
    const { client, upstream } = await setUp({ cache: { ttlMs: aMinute, ...bound } });
    upstream.description = description;
    const hotId = unusedId();
    for (let time = 0; time < 10; time += 1) await client.read(tenants.two, hotId);
    for (let index = 0; index < 100; index += 1) {
      expect((await client.read(tenants.one, unusedId())).status).toBe(200);
    }
    await client.read(tenants.two, hotId);
    expect(upstream.calls.get(`/v1/customer-persona/${hotId}`)).toBe(1);
  },
);
