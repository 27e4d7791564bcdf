// What connections hold: requests that wait for others, headers, and answers that nobody reads.
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, requestBytes, unusedId, unusedKey } from './client.ts';
import { all, judgeMemory, memoryLimit, waitUntilRead } from './scenario.ts';
import type { Scenario, Target } from './scenario.ts';
import { tenants } from './upstream.ts';

/** Well within the time that an attempt may take: timeouts would open the breaker, and nothing would wait. */
const slowMs = 2_000;

const readingBytes = (key: string, id = unusedId()) =>
  requestBytes(JSON.stringify({ query: `{ persona(id: "${id}") { description } }` }), [`x-api-key: ${key}`]);

/** Headers of so many bytes, within what Node.js' parser takes. */
const paddingHeaders = (bytes: number): string[] =>
  Array.from({ length: Math.floor(bytes / 1_000) }, (_, index) => `x-padding-${index}: ${'x'.repeat(980)}`);

interface Pipelines {
  readonly name: string;
  readonly connections: number;
  /** What each of the requests has in headers beside those that it needs. */
  readonly headerBytes: number;
}

/** Each connection sends a read that takes its time, and behind it requests that have to wait for it. */
function pipelines({ name, connections, headerBytes }: Pipelines): Scenario {
  const form = headerBytes === 0 ? 'tiny requests' : `requests with ${headerBytes / 1_000} kB of headers`;
  return {
    name,
    tried: `${connections} connections with 1,000 ${form} each behind a slow one`,
    limit: memoryLimit,
    async attempt(target) {
      using client = createClient(target);
      await client.read(tenants.one, unusedId());
      const startMb = target.memory().now;
      target.upstream.delayMs = slowMs;
      const headers = ['host: x', ...paddingHeaders(headerBytes)].join('\r\n');
      const behind = Buffer.from(`GET /health/live HTTP/1.1\r\n${headers}\r\n\r\n`.repeat(10));
      const key = unusedKey();
      const sockets = await client.open(connections);
      for (const socket of sockets) socket.write(readingBytes(key));
      // The slow ones are on their way.
      await sleep(300);
      await Promise.race([
        Promise.all(sockets.map((socket) => writeOften(socket, behind, 100))),
        sleep(5_000),
      ]);
      await waitUntilRead(target);
      return judgeMemory(target, startMb);
    },
  };
}

/** Writes the same bytes again and again, as fast as they are taken, until the connection is closed. */
async function writeOften(socket: Socket, bytes: Buffer, times: number): Promise<void> {
  for (let time = 0; time < times && !socket.destroyed; time += 1) {
    await new Promise((resolve) => {
      socket.write(bytes, resolve);
    });
  }
}

/** How long the gateway leaves a connection without a request. */
const idleMs = 65_000;

interface Silence {
  readonly name: string;
  readonly connections: number;
  readonly requests: number;
  /** When all connections must be gone. */
  readonly goneMs: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Clients that ask and do not read. */
function silence(options: Silence): Scenario {
  const { name, connections, requests, goneMs, settings = {} } = options;
  return {
    name,
    tried: `${connections} clients ask for ${requests} × 58 kB each and read nothing`,
    limit: `all gone within ${goneMs / 1_000} s, ${memoryLimit}`,
    // Answers come from memory: how fast Bluejay answers is beside the point.
    settings: { PERSONA_CACHE_TTL_MS: '600000', ...settings },
    needs: 'time',
    async attempt(target) {
      target.upstream.description = 'x'.repeat(57_900);
      const id = unusedId();
      {
        using warmUp = createClient(target);
        await warmUp.read(tenants.one, id);
      }
      const startMb = target.memory().now;
      using client = createClient(target);
      for (const socket of await client.open(connections)) {
        socket.pause();
        // In one piece: one at a time they may be answered before the next arrives, and none would wait.
        socket.write(readingBytes(tenants.one, id).repeat(requests));
        // All at once they would be too much for the processor, and refused for that.
        await sleep(20);
      }
      const startedAt = performance.now();
      const left = await waitUntilGone(target, startedAt + goneMs);
      const tookMs = performance.now() - startedAt;
      const seconds = (tookMs / 1_000).toFixed(1);
      return all(
        {
          held: left === 0 && tookMs < goneMs + 500,
          seen: left === 0 ? `gone after ${seconds} s` : `${left} left after ${seconds} s`,
        },
        judgeMemory(target, startMb),
      );
    },
  };
}

/** @returns how many connections are left */
async function waitUntilGone(target: Target, until: number): Promise<number> {
  while (target.connections().count > 0 && performance.now() < until) await sleep(100);
  return target.connections().count;
}

const waitingRequests: Scenario = {
  name: 'waiting-requests',
  tried:
    '2,000 connections, each with a request that waits: 14 kB of headers, 15 kB of {} in a representation',
  limit: `${memoryLimit}, and a tenant's 10 small requests are answered`,
  async attempt(target) {
    using client = createClient(target);
    await client.read(tenants.two, unusedId());
    const startMb = target.memory().now;
    target.upstream.delayMs = 1_000;
    const junk = Array.from({ length: 5_000 }, () => ({}));
    const headers = [`x-api-key: ${unusedKey()}`, ...paddingHeaders(14_000)];
    for (const [index, socket] of (await client.open(2_000)).entries()) {
      // All at once they would be too much for the processor, and refused for that.
      if (index % 100 === 99) await waitUntilRead(target);
      const representation = { __typename: 'CustomerPersona', id: unusedId(), junk };
      const body = JSON.stringify({
        query: 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
        variables: { r: [representation] },
      });
      socket.write(requestBytes(body, headers));
    }
    await waitUntilRead(target);
    const refused: number[] = [];
    for (let look = 0; look < 10; look += 1) {
      const { status } = await client.send({ query: '{ __typename }' }, { key: tenants.two });
      if (status !== 200) refused.push(status);
      await sleep(100);
    }
    return all(
      { held: refused.length === 0, seen: `${refused.length} of 10 refused` },
      judgeMemory(target, startMb),
    );
  },
};

export const connections: readonly Scenario[] = [
  pipelines({ name: 'pipelines-tiny', connections: 250, headerBytes: 0 }),
  pipelines({ name: 'pipelines-headers-20', connections: 20, headerBytes: 14_000 }),
  pipelines({ name: 'pipelines-headers-200', connections: 200, headerBytes: 14_000 }),
  silence({
    name: 'silent-pipelines',
    connections: 60,
    requests: 17,
    goneMs: 5_000,
    settings: { RECEIVE_TIMEOUT_MS: '3000' },
  }),
  silence({ name: 'silent-pipelines-default', connections: 60, requests: 17, goneMs: 32_000 }),
  // The system takes one answer for a client that does not read it: to the process it is an idle connection.
  silence({ name: 'silent-clients', connections: 200, requests: 1, goneMs: idleMs + 5_000 }),
  waitingRequests,
];
