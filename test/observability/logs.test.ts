import { expect, test } from 'vitest';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createRequestWatch } from '../../src/server/http/request-watch.ts';
import { createStatistics } from '../../src/server/http/statistics.ts';
import { exampleId, startGateway, unknownId } from '../support/gateway.ts';
import { startProcess } from '../support/processes.ts';
import { programs } from '../support/programs.ts';

test('the line says how the reads fared with the cache, and an operation has one hash in all of them', async () => {
  const gateway = await startGateway({ cache: { ttlMs: 60_000 } });
  for (let each = 0; each < 2; each += 1) await gateway.query(personaQuery, { id: exampleId });
  expect(gateway.logs).toMatchObject([
    { cache: { miss: 1 }, upstreamCalls: 1 },
    { cache: { hit: 1 }, upstreamCalls: 0, upstreamMs: 0 },
  ]);
  const hashes = gateway.logs.map(({ operationHash }) => operationHash);
  expect(hashes).toEqual([hashes[0], hashes[0]]);
  expect(hashes[0]).toMatch(/^[\da-f]{16}$/);
});

test('calls that overlap are waited for once', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: { kind: 'delay', delayMs: 50 } });
  await gateway.post({ query: `{ personas(ids: ["${exampleId}", "${unknownId}"]) { id } }` });
  const [line] = gateway.logs as { upstreamMs: number; durationMs: number; upstreamCalls: number }[];
  expect(line?.upstreamCalls).toBe(2);
  expect(line?.upstreamMs).toBeGreaterThan(45);
  expect(line?.upstreamMs).toBeLessThanOrEqual(line?.durationMs ?? 0);
});

test('a broken limit is counted by its name', async () => {
  const gateway = await startGateway({ maxRepresentations: 1 });
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }`;
  await gateway.post({ query, variables: { representations: [{}, {}] } });
  expect(gateway.logs).toMatchObject([{ brokenLimits: { representations: 1 } }]);
});

test('with no successes to be logged, only what went wrong is', async () => {
  const gateway = await startGateway({ sampleSuccesses: 0 });
  await gateway.query(personaQuery, { id: exampleId });
  await gateway.post({ query: '{ nobody }' });
  await fetch(`${gateway.url}/elsewhere`);
  expect(gateway.logs).toMatchObject([
    { errorCodes: { GRAPHQL_VALIDATION_FAILED: 1 } },
    { status: 404, errorCodes: { BAD_REQUEST: 1 } },
  ]);
});

test('of the successes the share that is configured is logged', () => {
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line) => lines.push(line) });
  const draws = [0.1, 0.249, 0.25, 0.9];
  const watch = createRequestWatch({ logger, sampleSuccesses: 0.25, random: () => draws.shift() ?? 1 });
  for (let each = 0; each < 4; each += 1) {
    watch.end({
      method: 'POST',
      requestId: String(each),
      route: '/graphql',
      trace: undefined,
      status: 200,
      durationMs: 1,
      statistics: createStatistics(),
    });
  }
  expect(lines.map((line) => (JSON.parse(line) as { requestId: string }).requestId)).toEqual(['0', '1']);
});

test('nothing is built for a level that is off', () => {
  const logger = createLogger('warn', { write: () => {} });
  const statistics = createStatistics();
  Object.defineProperty(statistics, 'cache', {
    enumerable: true,
    get: () => {
      throw new Error('A line was built');
    },
  });
  const watched = {
    method: 'POST',
    requestId: 'x',
    trace: undefined,
    status: 200,
    durationMs: 1,
    statistics,
  };
  const watch = createRequestWatch({ logger });
  expect(() => watch.end({ ...watched, route: '/graphql' })).not.toThrow();
  const lively = createRequestWatch({ logger: createLogger('info', { write: () => {} }) });
  expect(() => lively.end({ ...watched, route: '/health/live' })).not.toThrow();
  // The same look does see it where a line is built.
  expect(() => lively.end({ ...watched, route: '/graphql' })).toThrow('A line was built');
});

const pretty = /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: listening \{.*"upstream":"bluejay"/;
const json = /^\{"level":"info",.*"upstream":"bluejay","msg":"listening"\}/;

test.each([
  [{ NODE_ENV: 'development' }, pretty],
  [{ NODE_ENV: 'development', LOG_FORMAT: 'json' }, json],
  [{ NODE_ENV: 'production', LOG_FORMAT: 'pretty' }, pretty],
  [{ NODE_ENV: 'production' }, json],
])('with %j the first line is like %s', async (environment, form) => {
  const main = startProcess('node', [programs.gateway], {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      BLUEJAY_API_KEY: 'canary-key',
      DRAIN_DELAY_MS: '0',
      ...environment,
    },
  });
  await expect.poll(main.output).toMatch(form);
  // Also the last line before the end is written.
  main.process.kill('SIGTERM');
  await main.exited;
  expect(main.output()).toContain('stopping');
});
