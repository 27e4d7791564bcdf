import { expect, test } from 'vitest';
import type { UpstreamLoad } from '../../src/datasources/upstream/index.ts';
import { createMetricsAggregate } from '../../src/observability/metrics/aggregate.ts';
import { createMetrics } from '../../src/observability/metrics/index.ts';
import { findFreePort } from '../support/ports.ts';
import { parseSamples, sumOf } from '../support/prometheus-text.ts';
import { isRunning, startCluster } from './cluster.ts';
import type { TestCluster } from './cluster.ts';

async function scrape(cluster: TestCluster): Promise<string> {
  const response = await fetch(String(cluster.logged('listening')[0]?.['metrics']));
  expect(response.status).toBe(200);
  return response.text();
}

const started = async (cluster: TestCluster) => sumOf(await scrape(cluster), 'http_requests_started_total');

test('one scrape has the sum of all workers', async () => {
  const port = await findFreePort();
  const cluster = await startCluster({ METRICS_PORT: String(port) });
  for (let each = 0; each < 5; each += 1) await cluster.ask();
  expect(new Set(await cluster.askedWorkers(5)).size).toBe(2);
  let text = '';
  // A busy worker may miss a scrape.
  await expect
    .poll(async () => {
      text = await scrape(cluster);
      return sumOf(text, 'operation_duration_seconds_count', { operation: 'Example', outcome: 'ok' });
    })
    .toBe(5);
  expect(sumOf(text, 'operation_duration_seconds_bucket', { operation: 'Example', le: '+Inf' })).toBe(5);
  expect(sumOf(text, 'http_requests_started_total')).toBe(5);
  expect(sumOf(text, 'upstream_calls_in_flight_max')).toBe(128);
  expect(sumOf(text, 'build_info')).toBe(1);
});

test('the sum never falls while a worker is replaced', async () => {
  const cluster = await startCluster({ METRICS_PORT: '0' });
  for (let each = 0; each < 4; each += 1) await cluster.ask();
  await expect.poll(() => started(cluster)).toBe(4);
  process.kill(cluster.workers()[0] ?? 0, 'SIGKILL');
  while (cluster.workers().length < 3) expect(await started(cluster)).toBe(4);
  for (let each = 0; each < 2; each += 1) await cluster.ask();
  await expect.poll(() => started(cluster)).toBe(6);
});

test('a worker that does not answer a scrape is counted as it was last seen', async () => {
  const cluster = await startCluster({ METRICS_PORT: '0' });
  for (let each = 0; each < 4; each += 1) await cluster.ask();
  await expect.poll(() => started(cluster)).toBe(4);
  process.kill(cluster.workers()[0] ?? 0, 'SIGSTOP');
  expect(await started(cluster)).toBe(4);
});

test('what a worker has counted is there while the others finish', async () => {
  const cluster = await startCluster({
    METRICS_PORT: '0',
    BLUEJAY_TIMEOUT_MS: '60000',
    REQUEST_TIMEOUT_MS: '60000',
  });
  cluster.sandbox.faults.add({ fault: { kind: 'hang' }, times: 1 });
  const answer = cluster.ask().catch((error: unknown) => error);
  await expect.poll(() => cluster.sandbox.requests.length).toBe(1);
  await cluster.ask();
  await cluster.askedWorkers(1);
  cluster.process.kill('SIGTERM');
  const [ended = 0] = await cluster.askedWorkers(1);
  await expect.poll(() => isRunning(ended)).toBe(false);
  await expect.poll(() => started(cluster)).toBe(2);
  cluster.process.kill('SIGTERM');
  expect(await cluster.exited).toBe(143);
  expect(await answer).toBeInstanceOf(Error);
});

/** One process's metrics, as the primary gets them. */
function createSource(load: Partial<UpstreamLoad> = {}) {
  const operation = { breaker: 'closed', retriesLeft: 10 } as const;
  const idle: UpstreamLoad = {
    service: 'bluejay',
    inFlight: 0,
    maxInFlight: 64,
    queued: 0,
    maxQueue: 512,
    operations: { getCustomerPersona: operation, listCustomerPersonasByAgent: operation },
  };
  const metrics = createMetrics({
    prefix: 'bluejay_graphql_',
    version: '1.2.3',
    errorCodes: [],
    readLoads: () => [{ ...idle, ...load }],
  });
  metrics.eventsOf('bluejay', ['getCustomerPersona', 'listCustomerPersonasByAgent']);
  return metrics;
}

test('what is going on is added up, the lowest budget counts, and of a breaker’s states the share', async () => {
  const well = { breaker: 'closed', retriesLeft: 10 } as const;
  const ill = { breaker: 'open', retriesLeft: 2 } as const;
  const aggregate = createMetricsAggregate('bluejay_graphql_');
  const sources = [
    createSource({ inFlight: 3, operations: { getCustomerPersona: ill, listCustomerPersonasByAgent: well } }),
    createSource({ inFlight: 4 }),
  ];
  for (const [index, source] of sources.entries()) aggregate.update(index, await source.read());
  const text = await aggregate.print();
  expect(sumOf(text, 'upstream_calls_in_flight')).toBe(7);
  expect(sumOf(text, 'upstream_retry_budget_remaining', { operation: 'getCustomerPersona' })).toBe(2);
  const breaker = (labels: Record<string, string>) => sumOf(text, 'upstream_breaker_state', labels);
  expect(breaker({ operation: 'getCustomerPersona', state: 'closed' })).toBe(0.5);
  expect(breaker({ operation: 'getCustomerPersona', state: 'open' })).toBe(0.5);
  expect(breaker({ operation: 'listCustomerPersonasByAgent', state: 'closed' })).toBe(1);
});

test('the event loop that is the latest counts, and the process that has started last', async () => {
  const aggregate = createMetricsAggregate('bluejay_graphql_');
  const names = ['nodejs_eventloop_lag_p99_seconds', 'process_start_time_seconds'];
  const snapshot = await createSource().read();
  for (const source of [1, 3, 2]) {
    const metrics = snapshot.map((metric) =>
      names.includes(metric.name) ? { ...metric, values: [{ labels: {}, value: source }] } : metric,
    );
    aggregate.update(source, metrics);
  }
  const samples = parseSamples(await aggregate.print());
  expect(names.map((name) => samples.find((sample) => sample.name === name)?.value)).toEqual([3, 3]);
});

test('a process that is gone leaves its counts, nothing in flight and no state', async () => {
  const aggregate = createMetricsAggregate('bluejay_graphql_');
  for (const number of [1, 2]) {
    const source = createSource({ inFlight: 1 });
    const end = { route: '/graphql', method: 'POST', status: 200, errorCodes: {}, brokenLimits: {} };
    for (let each = 0; each < 3; each += 1) source.events.onRequestStart?.();
    source.events.onRequestEnd?.({ ...end, durationMs: 10 });
    aggregate.update(number, await source.read());
    aggregate.end(number);
  }
  const text = await aggregate.print();
  expect(sumOf(text, 'http_requests_started_total')).toBe(6);
  const ended = (labels: Record<string, string>) =>
    sumOf(text, 'http_request_duration_seconds_count', labels);
  expect(ended({ status: '2xx' })).toBe(2);
  expect(ended({ status: 'aborted' })).toBe(4);
  expect(ended({})).toBe(6);
  expect(text).not.toContain('upstream_calls_in_flight');
});
