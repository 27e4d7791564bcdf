import { expect, test } from 'vitest';
import { examine, runDoctor } from '../support/doctor.ts';
import { findFreePort } from '../support/processes.ts';
import { isRedisMissing, startRedis } from '../support/redis.ts';
import { startHttpUpstream, startTcpUpstream } from '../support/upstreams.ts';

/** What the doctor says of the cache. */
async function examineCache(url: string, limitMs?: number): Promise<string> {
  const { isWell, lines } = await examine({ CACHE_URL: url }, limitMs);
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
  for (const url of [`redis://127.0.0.1:${port}`, `redis://canary:canary@127.0.0.1:${port}`]) {
    expect(await examineCache(url)).toBe(
      `PROBLEM cache The cache refuses the user or the password, or wants one. → Check them in CACHE_URL: redis://user:password@host:port, with the special characters percent-encoded. ${untilThen}`,
    );
  }
});

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
    [`redis://${host}`, `rediss://${host}`].map((url) => examineCache(url, 1_000)),
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
