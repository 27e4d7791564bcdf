import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { personaQuery, personasQuery } from '../../examples/frontend/operations.ts';
import { clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from '../support/gateway.ts';
import { startLeavingClient } from '../support/leaving-client.ts';
import { findFreePort } from '../support/ports.ts';
import { requestOf, sendBytes } from '../support/raw-socket.ts';
import { connectTo, isRedisMissing, startRedis } from '../support/redis.ts';
import { startTcpUpstream } from '../support/upstreams.ts';

/** A window so long that it does not end in the middle of a test. */
const windowSeconds = 3_600;
const limitedTo = (points: number, options: TestGatewayOptions = {}) =>
  startGateway({ ...options, protection: { rateLimit: { points, windowSeconds }, ...options.protection } });
const typename = { query: '{ __typename }' };
const persona = { query: `{ persona(id: "${exampleId}") { id } }` };
const forward: TestGatewayOptions = { auth: { mode: 'forward' } };
const key = { 'x-api-key': clinic.apiKey };

test('without RATE_LIMIT nothing is counted, and no header speaks of a limit', async () => {
  const gateway = await startGateway();
  const { headers } = await gateway.post(typename);
  expect([headers.get('ratelimit'), headers.get('ratelimit-policy')]).toEqual([null, null]);
});

test('the request after the last point is a 429 that says when to come again', async () => {
  const gateway = await limitedTo(2);
  const answers = [];
  for (let sent = 0; sent < 3; sent += 1) answers.push(await gateway.post(typename));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(answers.map(({ headers }) => headers.get('ratelimit-policy'))).toEqual(
    Array.from({ length: 3 }, () => '"default";q=2;w=3600'),
  );
  expect(answers.map(({ headers }) => headers.get('ratelimit'))).toEqual([
    expect.stringMatching(/^"default";r=1;t=3(600|59\d)$/),
    expect.stringMatching(/^"default";r=0;t=3(600|59\d)$/),
    expect.stringMatching(/^"default";r=0;t=3(600|59\d)$/),
  ]);
  const refused = answers.at(-1);
  const retryAfter = Number(refused?.headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThan(windowSeconds - 60);
  expect(await refused?.json()).toEqual({
    errors: [
      {
        message: 'Too many requests: try again when the time in Retry-After is over.',
        extensions: {
          code: 'RATE_LIMITED',
          requestId: refused?.headers.get('x-request-id'),
          retryable: true,
          retryAfterMs: retryAfter * 1_000,
        },
      },
    ],
  });
});

test('a request costs as many points as calls to Bluejay, taken when they were made', async () => {
  const gateway = await limitedTo(10);
  const ids = someIds(12);
  const { status, headers } = await gateway.post({
    query: 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }',
    variables: { ids },
  });
  expect([status, headers.get('ratelimit')]).toEqual([200, expect.stringMatching(/^"default";r=0;/)]);
  expect((await gateway.post(typename)).status).toBe(429);
});

test('the last point is enough for a request that costs more', async () => {
  const gateway = await limitedTo(1);
  const { data } = await gateway.query(personasQuery, { ids: someIds(5) });
  expect([data?.personas?.length, gateway.sandbox.requests.length]).toEqual([5, 5]);
});

test('what is refused costs Bluejay nothing', async () => {
  const gateway = await limitedTo(1);
  await gateway.query(personaQuery, { id: exampleId });
  await gateway.query(personasQuery, { ids: someIds(5) });
  expect(gateway.sandbox.requests).toHaveLength(1);
});

test('a client that leaves pays for what it has caused', async () => {
  const gateway = await limitedTo(10);
  const ids = someIds(12);
  for (const personaId of ids) gateway.sandbox.faults.add({ personaId, fault: { kind: 'hang' } });
  const client = startLeavingClient(gateway.url, {
    query: 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }',
    variables: { ids },
  });
  await expect.poll(() => gateway.sandbox.requests.length).toBe(12);
  await client.leave();
  await expect.poll(() => gateway.logs).toMatchObject([{ aborted: true }]);
  await expect.poll(async () => (await gateway.post(typename)).status).toBe(429);
});

test('each API key that Bluejay accepts has points of its own', async () => {
  const gateway = await limitedTo(3, forward);
  // Unknown at first, so its address pays.
  await gateway.post(persona, key);
  for (let sent = 0; sent < 3; sent += 1) expect((await gateway.post(persona, key)).status).toBe(200);
  expect((await gateway.post(persona, key)).status).toBe(429);
  // The address has two points left.
  expect((await gateway.post(typename)).status).toBe(200);
});

test('whoever invents a key a request is counted by address', async () => {
  const gateway = await limitedTo(3, forward);
  const statuses = [];
  for (let sent = 0; sent < 5; sent += 1) {
    const { status } = await gateway.post(persona, { 'x-api-key': `invented-key-${sent}` });
    statuses.push(status);
  }
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
});

test('a request without the router’s secret takes no points of its address', async () => {
  const secret = 'the-secret-of-today';
  const gateway = await limitedTo(1, { routerSecrets: [secret] });
  for (const headers of [{}, { 'router-authorization': 'the-secret-of-others' }, { accept: 'text/plain' }]) {
    const refused = await gateway.post(typename, headers);
    expect([refused.status, refused.headers.get('ratelimit')]).toEqual([401, null]);
  }
  expect((await gateway.post(typename, { 'router-authorization': secret })).status).toBe(200);
  expect((await gateway.post(typename, { 'router-authorization': secret })).status).toBe(429);
  expect((await gateway.post(typename)).status).toBe(401);
});

test('X-Forwarded-For counts only from as many proxies as there are', async () => {
  const alone = await limitedTo(1);
  const from = (forwarded: string) => ({ 'x-forwarded-for': forwarded });
  expect((await alone.post(typename, from('192.0.2.1'))).status).toBe(200);
  expect((await alone.post(typename, from('192.0.2.2'))).status).toBe(429);

  const behindTwo = await limitedTo(1, { protection: { trustedProxies: 2 } });
  const statusFrom = async (forwarded: string) => (await behindTwo.post(typename, from(forwarded))).status;
  expect(await statusFrom('192.0.2.1, 198.51.100.7')).toBe(200);
  expect(await statusFrom('203.0.113.9, 192.0.2.1, 198.51.100.8')).toBe(429);
  expect(await statusFrom('192.0.2.2, 198.51.100.7')).toBe(200);
  // One IPv6 network is one client, however it is written.
  expect(await statusFrom('2001:db8::1, 198.51.100.7')).toBe(200);
  expect(await statusFrom('2001:0DB8:0:0:ffff::, 198.51.100.7')).toBe(429);
  expect(await statusFrom('2001:db8:0:1::1, 198.51.100.7')).toBe(200);
  expect(await statusFrom('::ffff:192.0.2.2, 198.51.100.7')).toBe(429);
  // What is no address, or too few of them, is the connection's.
  expect(await statusFrom('canary, 198.51.100.7')).toBe(200);
  expect(await statusFrom('192.0.2.77')).toBe(429);
});

test.each<[address: string, spellings: readonly string[]]>([
  [
    '192.0.2.1',
    [
      '192.0.2.1:4711',
      '  192.0.2.1 ',
      '\t192.0.2.1',
      '::ffff:192.0.2.1',
      '::FFFF:C000:0201',
      '::ffff:c000:201',
      '0:0:0:0:0:ffff:192.0.2.1',
      '0000:0000:0000:0000:0000:FFFF:c000:0201',
      '0::ffff:192.0.2.1',
      '[::ffff:192.0.2.1]',
      '[::ffff:192.0.2.1]:443',
      '[0:0::ffff:c000:201]:65535',
    ],
  ],
  [
    '2001:db8::1',
    [
      '[2001:db8::1]',
      '[2001:db8::1]:4711',
      '2001:DB8::',
      '2001:0db8:0000:0000:1:2:3:4',
      '2001:db8::192.0.2.1',
      '[2001:db8::5%eth0]:80',
    ],
  ],
  // None of them is an address: the connection's counts.
  [
    'unknown',
    [
      '',
      '_hidden',
      '192.0.2.1:',
      '192.0.2.1:port',
      '192.0.2.1:123456',
      '192.0.2.256',
      '192.0.2',
      '192.0.2.1 192.0.2.2',
      '[192.0.2.1',
      '[]:80',
      '2001:db8::1]:80',
      '2001:db8::1::2',
      '"192.0.2.1"',
      ':',
      'localhost:80',
    ],
  ],
])('a proxy may write %s in many ways', async (address, spellings) => {
  const gateway = await limitedTo(spellings.length + 1, { protection: { trustedProxies: 1 } });
  const statusFrom = async (forwarded: string) =>
    (await gateway.post(typename, { 'x-forwarded-for': `203.0.113.9, ${forwarded}` })).status;
  for (const spelling of [address, ...spellings]) {
    expect([spelling, await statusFrom(spelling)]).toEqual([spelling, 200]);
  }
  expect(await statusFrom(address)).toBe(429);
  // Others have their points left.
  expect(await statusFrom('198.51.100.7')).toBe(200);
  expect(await statusFrom('2001:db8:0:1::1')).toBe(200);
});

test('X-Forwarded-For in several lines is one list', async () => {
  const gateway = await limitedTo(1, { protection: { trustedProxies: 1 } });
  const statusWith = async (...lines: string[]) => {
    const headers = lines.map((line) => `x-forwarded-for: ${line}\r\n`).join('');
    const request = requestOf(typename).replace('host: x\r\n', `host: x\r\nconnection: close\r\n${headers}`);
    return Number((await sendBytes(gateway.url, request)).split(' ')[1]);
  };
  expect(await statusWith('192.0.2.1', '198.51.100.7')).toBe(200);
  expect(await statusWith('192.0.2.2', '192.0.2.3, 198.51.100.7')).toBe(429);
  expect(await statusWith('198.51.100.7', '192.0.2.1')).toBe(200);
});

test('health is asked as often as one likes', async () => {
  const gateway = await limitedTo(1);
  for (let sent = 0; sent < 3; sent += 1) {
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  }
});

test.each<[string, (socket: Socket) => void]>([
  ['closes every connection', (socket) => socket.destroy()],
  ['never answers', () => {}],
  ['answers nonsense', (socket) => socket.write('nonsense\r\n')],
  ['stops in the middle of an answer', (socket) => socket.end('*2\r\n:1')],
])('a limit holds in each replica while Redis %s', async (_what, answer) => {
  const redis = await startTcpUpstream(answer);
  const gateway = await limitedTo(2, { cache: { url: redis.replace('http', 'redis'), sharedTimeoutMs: 50 } });
  const answers = [];
  for (let sent = 0; sent < 3; sent += 1) answers.push(await gateway.post(typename));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(answers.map(({ headers }) => headers.get('ratelimit')?.slice(0, 13))).toEqual([
    '"default";r=1',
    '"default";r=0',
    '"default";r=0',
  ]);
  expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(windowSeconds - 60);
});

test.skipIf(isRedisMissing)(
  'replicas count together in Redis (skipped without redis-server), and each alone while it is away',
  { timeout: 30_000 },
  async () => {
    const port = await findFreePort();
    const redis = await startRedis(port);
    const cache = { url: `redis://127.0.0.1:${port}` };
    const one = await limitedTo(1_000_000, { cache });
    const other = await limitedTo(1_000_000, { cache });
    const left = async ({ post }: TestGateway) =>
      Number(/r=(\d+)/.exec((await post(typename)).headers.get('ratelimit') ?? '')?.[1]);
    const states = () =>
      [one, other].map(({ logs }) => logs.findLast(({ msg }) => msg === 'shared rate limit')?.['state']);
    const saysLost = () => one.logs.filter(({ state }) => state === 'lost').length;
    /** Of four requests in turn, whether each found the points that the one before has left. */
    const countTogether = async () => {
      const seen = [await left(one), await left(other), await left(one), await left(other)];
      return seen.every((points, index) => index === 0 || points === (seen[index - 1] ?? 0) - 1);
    };
    await expect.poll(countTogether, { timeout: 10_000 }).toBe(true);

    redis.process.kill('SIGKILL');
    await redis.exited;
    const before = saysLost();
    await expect
      .poll(async () => [await left(one), await left(other), ...states()])
      .toMatchObject({
        2: 'lost',
        3: 'lost',
      });
    expect(await countTogether()).toBe(false);
    for (let sent = 0; sent < 20; sent += 1) expect((await one.post(typename)).status).toBe(200);
    expect(saysLost()).toBe(before + 1);
    expect(one.logText()).not.toContain(`${port}`);

    await startRedis(port);
    await expect.poll(countTogether, { timeout: 10_000, interval: 100 }).toBe(true);
    expect(states()).toEqual(['recovered', 'recovered']);
  },
);

test.skipIf(isRedisMissing)(
  'a gateway that has stopped has no connection to Redis left (skipped without redis-server)',
  async () => {
    const port = await findFreePort();
    await startRedis(port);
    const redis = await connectTo(port);
    const connections = async () => (await redis.clientList()).length;
    const gateway = await limitedTo(10, { cache: { url: `redis://127.0.0.1:${port}` }, writes: true });
    await gateway.post(typename);
    // The test's own, and those for the cache, the messages about writes, and the counters.
    await expect.poll(connections).toBe(4);
    await gateway.close();
    await expect.poll(connections).toBe(1);
  },
);

test.skipIf(isRedisMissing).each([
  ['is a replica', ['REPLICAOF', '127.0.0.1', '1'], 'read_only READONLY'],
  ['is full', ['CONFIG', 'SET', 'maxmemory', '1'], 'read_only OOM'],
  ['does not permit scripts', ['ACL', 'SETUSER', 'default', '-eval'], 'read_only NOPERM'],
  ['does not permit what the script does', ['ACL', 'SETUSER', 'default', '-incrby'], 'read_only NOPERM'],
])(
  'a limit holds in each replica while Redis %s, and the reason is logged once (skipped without redis-server)',
  async (_what, refuse, change) => {
    const port = await findFreePort();
    await startRedis(port);
    const redis = await connectTo(port);
    const gateway = await limitedTo(3, { cache: { url: `redis://127.0.0.1:${port}` } });
    await expect
      .poll(async () => {
        await gateway.post(typename);
        return redis.dbSize();
      })
      .toBe(1);
    await redis.sendCommand(refuse);
    await expect.poll(async () => (await gateway.post(typename)).headers.get('ratelimit')).toContain('r=0;');
    expect((await gateway.post(typename)).status).toBe(429);
    const changes = gateway.logs.filter(({ msg }) => msg === 'shared rate limit');
    expect(changes.map(({ state, reason }) => `${String(state)} ${String(reason)}`)).toEqual([change]);
  },
);

test.skipIf(isRedisMissing)(
  'a counter in Redis that is none spoils no other (skipped without redis-server)',
  async () => {
    const port = await findFreePort();
    await startRedis(port);
    const redis = await connectTo(port);
    await redis.set('bluejay-graphql:rate-limit:192.0.2.1', 'canary');
    await redis.lPush('bluejay-graphql:rate-limit:192.0.2.2', 'canary');
    const gateway = await limitedTo(1_000, {
      cache: { url: `redis://127.0.0.1:${port}` },
      protection: { trustedProxies: 1 },
    });
    const from = (forwarded: string) => gateway.post(typename, { 'x-forwarded-for': forwarded });
    await expect.poll(async () => (await from('192.0.2.3')).ok && redis.dbSize()).toBe(3);
    const counted = Number(await redis.get('bluejay-graphql:rate-limit:192.0.2.3'));
    for (let sent = 0; sent < 5; sent += 1) {
      for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
        expect((await from(address)).status).toBe(200);
    }
    expect(Number(await redis.get('bluejay-graphql:rate-limit:192.0.2.3'))).toBe(counted + 5);
  },
);
