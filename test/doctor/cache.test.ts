import { expect, test } from 'vitest';
import { sharedKeyPrefix } from '../../src/datasources/bluejay/index.ts';
import { examine, runDoctor } from '../support/doctor.ts';
import { findFreePort } from '../support/ports.ts';
import { isIpv6Missing } from '../support/processes.ts';
import { connectTo, isRedisMissing, joinCluster, startClusterNode, startRedis } from '../support/redis.ts';
import { createCertificate, isOpenSslMissing, startTlsProxy } from '../support/tls.ts';
import { startHttpUpstream, startTcpUpstream } from '../support/upstreams.ts';

/** What the doctor says of the cache. */
async function examineCache(
  url: string,
  environment: Record<string, string> = {},
  limitMs?: number,
): Promise<string> {
  const { isWell, lines } = await examine({ ...environment, CACHE_URL: url }, limitMs);
  const said = lines.slice(2).join(' ');
  expect(isWell).toBe(!said.startsWith('PROBLEM'));
  return said;
}

const untilThen = 'Until then the gateway works, without the shared cache.';

test.skipIf(isRedisMissing)('a Redis (skipped without redis-server) that answers is well', async () => {
  const port = await findFreePort();
  await startRedis(port);
  // As a program: a connection that is left open would keep it from ending.
  const { exitCode, lines } = await runDoctor({ CACHE_URL: `redis://127.0.0.1:${port}` });
  expect(lines.slice(2)).toEqual([`ok cache 127.0.0.1:${port} answers`, 'All is well.']);
  expect(exitCode).toBe(0);
});

test.skipIf(isRedisMissing)('a password that is wrong, or missing, is not repeated', async () => {
  const port = await findFreePort();
  await startRedis(port, '--requirepass', 'right');
  expect(await examineCache(`redis://:right@127.0.0.1:${port}`)).toBe(`ok cache 127.0.0.1:${port} answers`);
  const encoded = 'redis://user:password@host:port, with the special characters percent-encoded.';
  expect(await examineCache(`redis://127.0.0.1:${port}`)).toBe(
    `PROBLEM cache The cache wants a password (NOAUTH). → Name it in CACHE_URL: ${encoded} ${untilThen}`,
  );
  expect(await examineCache(`redis://canary:canary@127.0.0.1:${port}`)).toBe(
    `PROBLEM cache The cache refuses the user or the password (WRONGPASS). → Check them in CACHE_URL: ${encoded} ${untilThen}`,
  );
});

test.skipIf(isRedisMissing).each([
  ['-get', "does not permit GET on the gateway's keys (NOPERM).", '~bluejay-graphql:* +get.'],
  [
    '-set -del',
    "does not permit SET, DEL and EVAL on the gateway's keys (NOPERM).",
    ' +set +del +eval +incrby +pttl +expire.',
  ],
  ['-eval', "does not permit EVAL on the gateway's keys (NOPERM).", ' +eval +set +incrby +pttl +expire.'],
  ['-incrby', "does not permit EVAL on the gateway's keys (NOPERM).", ' +eval +set +incrby +pttl +expire.'],
  [
    'resetkeys ~other:*',
    "does not permit GET, SET, DEL and EVAL on the gateway's keys",
    '~bluejay-graphql:*',
  ],
  [`resetkeys ~${sharedKeyPrefix}*`, "does not permit EVAL on the gateway's keys", '~bluejay-graphql:*'],
  ['-select', 'does not let the user select a database (NOPERM).', ' +select'],
])('an access list with %s', async (rules, text, advice) => {
  const port = await findFreePort();
  await startRedis(port);
  const redis = await connectTo(port);
  await redis.aclSetUser('gateway', ['on', '>right', '~*', '+@all', ...rules.split(' ')]);
  const said = await examineCache(`redis://gateway:right@127.0.0.1:${port}/1`, { RATE_LIMIT: '600/60' });
  expect(said).toContain(text);
  expect(said).toContain(advice);
});

test.skipIf(isRedisMissing)('an access list with no more than the gateway needs is well', async () => {
  const port = await findFreePort();
  await startRedis(port);
  const redis = await connectTo(port);
  const commands = ['+get', '+set', '+del', '+eval', '+incrby', '+pttl', '+expire'];
  await redis.aclSetUser('gateway', ['on', '>right', '~bluejay-graphql:*', ...commands]);
  const url = `redis://gateway:right@127.0.0.1:${port}`;
  expect(await examineCache(url, { RATE_LIMIT: '600/60' })).toBe(`ok cache 127.0.0.1:${port} answers`);
  await expect.poll(() => redis.dbSize()).toBe(0);
  // Writes are told of by messages.
  const writes = { RATE_LIMIT: '600/60', WRITES: 'true' };
  expect(await examineCache(url, writes)).toContain(
    'Permit with ACL SETUSER: ~bluejay-graphql:* +publish &bluejay-graphql:* +subscribe.',
  );
  await redis.aclSetUser('gateway', ['+publish', '+subscribe', '&bluejay-graphql:*']);
  expect(await examineCache(url, writes)).toBe(`ok cache 127.0.0.1:${port} answers`);
});

test.skipIf(isRedisMissing).each([
  [
    ['REPLICAOF', '127.0.0.1', '1'],
    'a read-only replica: it refuses SET and DEL (READONLY).',
    'to the primary',
  ],
  [['CONFIG', 'SET', 'maxmemory', '1'], 'full: it refuses SET (OOM).', 'maxmemory-policy'],
  [
    ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
    'too few replicas: it refuses SET and DEL',
    'replicas back',
  ],
])('a cache after %j', async (command, text, advice) => {
  const port = await findFreePort();
  await startRedis(port);
  const redis = await connectTo(port);
  await redis.sendCommand(command);
  const said = await examineCache(`redis://127.0.0.1:${port}`);
  expect(said).toContain(text);
  expect(said).toContain(advice);
});

test.skipIf(isRedisMissing)(
  'a node of a cluster, which has some of the keys',
  async () => {
    const { redis, port } = await startClusterNode();
    expect(await examineCache(`redis://127.0.0.1:${port}`)).toContain('a cluster that is down (CLUSTERDOWN)');
    const other = await startClusterNode();
    await joinCluster(redis, other);
    expect(await examineCache(`redis://127.0.0.1:${port}`)).toContain(
      'refuses the keys of the other nodes (MOVED)',
    );
  },
  30_000,
);

test.skipIf(isRedisMissing || isIpv6Missing)('a cache at an IPv6 address', async () => {
  const port = await findFreePort();
  await startRedis(port, '--bind', '::1');
  expect(await examineCache(`redis://[::1]:${port}`)).toBe(`ok cache [::1]:${port} answers`);
});

test.skipIf(isRedisMissing)('a database that is not there', async () => {
  const port = await findFreePort();
  await startRedis(port);
  expect(await examineCache(`redis://127.0.0.1:${port}/99`)).toContain('no database of that number');
});

test.skipIf(isRedisMissing)('a cache that lets no more clients in', async () => {
  const port = await findFreePort();
  await startRedis(port, '--maxclients', '1');
  await connectTo(port);
  expect(await examineCache(`redis://127.0.0.1:${port}`)).toContain('Raise its maxclients');
});

test.skipIf(isRedisMissing || isOpenSslMissing)(
  'TLS where there is none, and the other way round',
  async () => {
    const port = await findFreePort();
    await startRedis(port);
    expect(await examineCache(`rediss://127.0.0.1:${port}`, {}, 1_000)).toContain(
      'try redis:// in CACHE_URL',
    );
    const { host } = new URL(
      await startTlsProxy(createCertificate('localhost', 30), `http://127.0.0.1:${port}`),
    );
    expect(await examineCache(`redis://${host}`)).toContain(
      'If it speaks TLS, CACHE_URL begins with rediss://.',
    );
  },
);

test('a cache that is down is a problem, and the gateway is said to work without it', async () => {
  const port = await findFreePort();
  expect(await examineCache(`redis://:canary@127.0.0.1:${port}`)).toBe(
    `PROBLEM cache Nothing listens on port ${port} of 127.0.0.1. → Check the host and port in CACHE_URL, and that what should listen there runs. ${untilThen}`,
  );
});

test('a cache whose host nobody knows', async () => {
  expect(await examineCache('redis://cache.invalid')).toMatch(
    /^PROBLEM cache No name server (knows cache\.invalid|says what cache\.invalid is)\. → Check /,
  );
});

test('a cache that says nothing does not hold up the doctor', async () => {
  const { host, port } = new URL(await startTcpUpstream(() => {}));
  const expected = `PROBLEM cache 127.0.0.1 does not answer on port ${port} in time.`;
  const said = await Promise.all(
    [`redis://${host}`, `rediss://${host}`].map((url) => examineCache(url, {}, 1_000)),
  );
  expect(said).toEqual([expect.stringContaining(expected), expect.stringContaining(expected)]);
});

test('what is no Redis is told from one', async () => {
  const rude = new URL(await startTcpUpstream((socket) => socket.end()));
  expect(await examineCache(`redis://${rude.host}`)).toContain('127.0.0.1 breaks the connection off.');
  const { host } = new URL(await startHttpUpstream((_request, response) => response.end()));
  expect(await examineCache(`redis://${host}`)).toMatch(/^PROBLEM cache /);
  expect(await examineCache(`rediss://${host}`)).toMatch(/^PROBLEM cache 127\.0\.0\.1 does not speak TLS/);
});
