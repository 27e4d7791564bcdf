import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { personaQuery, personasQuery } from '../../examples/frontend/operations.ts';
import { createMetricsServer } from '../../src/observability/metrics/metrics-server.ts';
import { clinic, exampleId, someIds, startGateway, unknownId } from '../support/gateway.ts';
import type { TestGatewayOptions } from '../support/gateway.ts';
import { fewPlaces, fillLine, startLeavingClient } from '../support/leaving-client.ts';
import { findFreePort } from '../support/ports.ts';
import { isMissing, startProcess } from '../support/processes.ts';
import { programs } from '../support/programs.ts';
import { openConnection, sendBytes } from '../support/raw-socket.ts';
import { parseSamples, sumOf } from '../support/prometheus-text.ts';

const metrics = { host: '127.0.0.1', port: 0 };
const startMetered = (options: TestGatewayOptions = {}) => startGateway({ metrics, ...options });

test('HTTP requests are counted by route, method and class of status, with their durations', async () => {
  const gateway = await startMetered();
  await gateway.query(personaQuery, { id: exampleId });
  await fetch(`${gateway.url}/health/live`);
  await fetch(`${gateway.url}/somewhere/else`, { method: 'PURGE' });
  const text = await gateway.metrics();
  const count = (labels: Record<string, string>) =>
    sumOf(text, 'http_request_duration_seconds_count', labels);
  expect(count({ route: '/graphql', method: 'POST', status: '2xx' })).toBe(1);
  expect(count({ route: '/health/live', method: 'GET', status: '2xx' })).toBe(1);
  expect(count({ route: 'unknown', method: 'other', status: '4xx' })).toBe(1);
  expect(sumOf(text, 'http_request_duration_seconds_sum', { route: '/graphql' })).toBeGreaterThan(0);
  expect(sumOf(text, 'http_request_duration_seconds_bucket', { route: '/graphql', le: '+Inf' })).toBe(1);
  expect(sumOf(text, 'http_requests_started_total')).toBe(3);
  expect(sumOf(text, 'errors_total', { code: 'BAD_REQUEST' })).toBe(1);
});

test('what is refused before it is a request is counted like any other refusal', async () => {
  const gateway = await startMetered();
  await sendBytes(gateway.url, 'nonsense\r\n\r\n');
  await sendBytes(gateway.url, `GET / HTTP/1.1\r\nhost: x\r\na: ${'a'.repeat(20_000)}\r\n\r\n`);
  await sendBytes(gateway.url, 'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n');
  const text = await gateway.metrics();
  const refused = { route: 'unknown', method: 'other', status: '4xx' };
  expect(sumOf(text, 'http_request_duration_seconds_count', refused)).toBe(3);
  expect(sumOf(text, 'http_request_duration_seconds_count')).toBe(3);
  expect(sumOf(text, 'http_requests_started_total')).toBe(3);
  expect(sumOf(text, 'errors_total', { code: 'BAD_REQUEST' })).toBe(3);
});

test('a client that leaves is counted as aborted, and its errors are nobody’s', async () => {
  const gateway = await startMetered();
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const client = startLeavingClient(gateway.url, { query: `{ persona(id: "${exampleId}") { id } }` });
  await expect.poll(() => gateway.sandbox.requests.length).toBe(1);
  await client.leave();
  await expect
    .poll(async () =>
      sumOf(await gateway.metrics(), 'operation_duration_seconds_count', { outcome: 'aborted' }),
    )
    .toBe(1);
  const text = await gateway.metrics();
  expect(sumOf(text, 'http_request_duration_seconds_count', { status: 'aborted' })).toBe(1);
  expect(sumOf(text, 'upstream_attempt_duration_seconds_count', { status: 'cancelled' })).toBe(1);
  expect(sumOf(text, 'errors_total')).toBe(0);
});

test('operations are counted by name and by whose fault a failure is', async () => {
  const gateway = await startMetered();
  await gateway.query(personaQuery, { id: exampleId });
  await gateway.post({ query: `{ persona(id: "${exampleId}") { id } }` });
  await gateway.post({ query: 'query Wrong { nobody }' });
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 500 } });
  await gateway.query(personaQuery, { id: unknownId });
  const text = await gateway.metrics();
  const count = (labels: Record<string, string>) => sumOf(text, 'operation_duration_seconds_count', labels);
  expect(count({ operation: 'Persona', outcome: 'ok' })).toBe(1);
  expect(count({ operation: 'Persona', outcome: 'server_error' })).toBe(1);
  expect(count({ operation: 'anonymous', outcome: 'ok' })).toBe(1);
  // Only a valid document's name counts: others could fill the hundred names with anything.
  expect(count({ operation: 'anonymous', outcome: 'client_error' })).toBe(1);
  expect(count({})).toBe(4);
  expect(sumOf(text, 'errors_total', { code: 'UPSTREAM_ERROR' })).toBe(1);
  expect(sumOf(text, 'errors_total', { code: 'GRAPHQL_VALIDATION_FAILED' })).toBe(1);
});

test('a client cannot make more than a hundred operation names', async () => {
  const gateway = await startMetered();
  for (let each = 0; each < 120; each += 1) await gateway.post({ query: `query N${each} { __typename }` });
  const names = parseSamples(await gateway.metrics())
    .filter(({ name }) => name === 'bluejay_graphql_operation_duration_seconds_count')
    .map(({ labels, value }) => [labels['operation'], value]);
  expect(names).toHaveLength(101);
  expect(names).toContainEqual(['other', 20]);
});

test('attempts are counted by status and number, retries and the budget with them', async () => {
  const gateway = await startMetered();
  const budget = { operation: 'getCustomerPersona' };
  expect(sumOf(await gateway.metrics(), 'upstream_retry_budget_remaining', budget)).toBe(10);
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 503 }, times: 2 });
  await gateway.query(personaQuery, { id: exampleId });
  const text = await gateway.metrics();
  const count = (labels: Record<string, string>) =>
    sumOf(text, 'upstream_attempt_duration_seconds_count', { operation: 'getCustomerPersona', ...labels });
  expect(count({ status: '5xx', attempt: '1' })).toBe(1);
  expect(count({ status: '5xx', attempt: '2' })).toBe(1);
  expect(count({ status: '2xx', attempt: '3' })).toBe(1);
  expect(sumOf(text, 'upstream_retries_total', budget)).toBe(2);
  expect(sumOf(text, 'upstream_retry_budget_remaining', budget)).toBe(8);
});

test('a budget that is used up, an open breaker and an unusable answer can be seen', async () => {
  const gateway = await startMetered();
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'answer', status: 200, body: '[]' } });
  await gateway.query(personaQuery, { id: exampleId });
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 503 } });
  await gateway.query(personasQuery, { ids: someIds(40) });
  const text = await gateway.metrics();
  expect(sumOf(text, 'upstream_attempt_duration_seconds_count', { status: 'invalid_response' })).toBe(1);
  expect(sumOf(text, 'upstream_retries_denied_total')).toBeGreaterThan(0);
  const operation = 'getCustomerPersona';
  expect(sumOf(text, 'upstream_breaker_state', { operation, state: 'open' })).toBe(1);
  expect(sumOf(text, 'upstream_breaker_state', { operation, state: 'closed' })).toBe(0);
  // Those of the other operations: the list, and three writes.
  expect(sumOf(text, 'upstream_breaker_state', { state: 'closed' })).toBe(4);
  expect(sumOf(text, 'upstream_breaker_changes_total', { operation, state: 'open' })).toBe(1);
});

test('places at Bluejay, who waits for one and who is refused can be seen', async () => {
  const gateway = await startMetered({
    timeoutMs: 60_000,
    requestTimeoutMs: 60_000,
    upstreamLimits: fewPlaces,
  });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const clients = await fillLine(gateway, { more: 10 });
  await expect.poll(async () => sumOf(await gateway.metrics(), 'upstream_overloaded_total')).toBe(10);
  const text = await gateway.metrics();
  expect(sumOf(text, 'upstream_calls_in_flight')).toBe(fewPlaces.maxInFlight);
  expect(sumOf(text, 'upstream_calls_in_flight_max')).toBe(fewPlaces.maxInFlight);
  expect(sumOf(text, 'upstream_calls_queued')).toBe(fewPlaces.maxQueue);
  expect(sumOf(text, 'upstream_calls_queued_max')).toBe(fewPlaces.maxQueue);
  await Promise.all(clients.map((client) => client.leave()));
});

test('limits, dropped items, batches, coalesced and cached reads are counted', async () => {
  const gateway = await startMetered({ cache: { ttlMs: 60_000 } });
  const [first, second] = clinic.personas;
  await gateway.query(personasQuery, { ids: [first?.id ?? '', second?.id ?? ''] });
  await gateway.query(personaQuery, { id: first?.id ?? '' });
  await gateway.query(personasQuery, { ids: someIds(101) });
  gateway.sandbox.faults.add({ agentId: 7, fault: { kind: 'answer', status: 200, body: '[null, {}]' } });
  await gateway.post({ query: '{ personasByAgent(agentId: 7) { id } }' });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' }, times: 1 });
  const same = Promise.allSettled([
    gateway.query(personaQuery, { id: unknownId }),
    gateway.query(personaQuery, { id: unknownId }),
  ]);
  await expect.poll(async () => sumOf(await gateway.metrics(), 'coalesced_reads_total')).toBe(1);
  const text = await gateway.metrics();
  expect(sumOf(text, 'cache_reads_total', { tier: 'memory', result: 'miss' })).toBe(4);
  expect(sumOf(text, 'cache_reads_total', { tier: 'memory', result: 'hit' })).toBe(1);
  expect(sumOf(text, 'limits_broken_total', { limit: 'ids' })).toBe(1);
  expect(sumOf(text, 'list_items_dropped_total')).toBe(2);
  const batch = { operation: 'getCustomerPersona' };
  expect(sumOf(text, 'loader_batch_size_bucket', { ...batch, le: '1' })).toBe(3);
  expect(sumOf(text, 'loader_batch_size_sum', batch)).toBe(5);
  await gateway.close(0);
  await same;
});

test.skipIf(isMissing('redis-server', '--version'))(
  'reads of the shared cache are a tier of their own [needs redis-server]',
  async () => {
    const port = await findFreePort();
    startProcess('redis-server', ['--port', String(port), '--save', '']);
    const url = `redis://127.0.0.1:${port}`;
    const cache = { notFoundTtlMs: 60_000, url };
    const one = await startMetered({ cache });
    const other = await startMetered({ cache, baseUrl: one.sandbox.url });
    const readsOf = async (gateway: typeof one, result: string) =>
      sumOf(await gateway.metrics(), 'cache_reads_total', { tier: 'shared', result });
    // Another id each time: what a replica has read itself it does not look up.
    const ids = someIds(1_000);
    await expect
      .poll(async () => {
        const id = ids.pop() ?? '';
        await one.query(personaQuery, { id });
        await other.query(personaQuery, { id });
        return readsOf(other, 'hit');
      })
      .toBeGreaterThan(0);
    expect(await readsOf(one, 'miss')).toBeGreaterThan(0);
  },
);

test('the process, its event loop and its garbage collection are there', async () => {
  const gateway = await startMetered();
  const names = new Set(parseSamples(await gateway.metrics()).map(({ name }) => name));
  for (const name of [
    'nodejs_eventloop_lag_p99_seconds',
    'process_cpu_user_seconds_total',
    'process_resident_memory_bytes',
    'process_start_time_seconds',
    'bluejay_graphql_build_info',
  ]) {
    expect(names).toContain(name);
  }
  expect(await gateway.metrics()).toContain('# TYPE nodejs_gc_duration_seconds histogram');
});

test('no key, id or host is in the metrics', async () => {
  const gateway = await startMetered({ auth: { mode: 'forward' } });
  await gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': clinic.apiKey });
  const text = await gateway.metrics();
  for (const secret of [clinic.apiKey, exampleId, '127.0.0.1', new URL(gateway.sandbox.url).port]) {
    expect(text).not.toContain(secret);
  }
});

test('metrics have a port of their own that knows nothing else', async () => {
  const gateway = await startMetered();
  expect((await fetch(`${gateway.url}/metrics`)).status).toBe(404);
  const origin = gateway.metricsOrigin() ?? '';
  const response = await fetch(`${origin}/metrics?x=1`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect((await fetch(`${origin}/graphql`)).status).toBe(404);
  expect((await fetch(`${origin}/metrics`, { method: 'POST' })).status).toBe(405);
  await gateway.close();
  await expect(fetch(`${origin}/metrics`)).rejects.toThrow('fetch failed');
});

test('who scrapes without waiting for the answers is cut off', async () => {
  const gateway = await startMetered();
  const scrape = 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n';
  expect(await sendBytes(gateway.metricsOrigin() ?? '', scrape.repeat(2))).toBe('');
  expect(await gateway.metrics()).toContain('# TYPE');
});

test('the metrics port has a hundred connections', async () => {
  const gateway = await startMetered();
  const origin = gateway.metricsOrigin() ?? '';
  const connections = Array.from({ length: 100 }, () => openConnection(origin));
  await Promise.all(connections.map(({ socket }) => once(socket, 'connect')));
  expect(await openConnection(origin).closed).toBe('');
  connections[0]?.socket.end();
  await connections[0]?.closed;
  expect(await gateway.metrics()).toContain('# TYPE');
});

test('who scrapes while metrics are collected gets the same, and whoever comes later gets new ones', async () => {
  const collections: PromiseWithResolvers<string>[] = [];
  const server = createMetricsServer(() => {
    const collection = Promise.withResolvers<string>();
    collections.push(collection);
    return collection.promise;
  });
  onTestFinished(() => server.close());
  const origin = await server.listen(0, '127.0.0.1');
  const scrape = 'GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
  const scrapes = [openConnection(origin), openConnection(origin)];
  await Promise.all(scrapes.map(({ socket }) => once(socket, 'connect')));
  for (const { socket } of scrapes) socket.write(scrape);
  // It came after them, and is answered.
  for (let count = 0; count < 2; count += 1) await fetch(`${origin}/`);
  expect(collections).toHaveLength(1);
  collections[0]?.resolve('first');
  for (const { closed } of scrapes) expect(await closed).toContain('first');
  const later = sendBytes(origin, scrape);
  await expect.poll(() => collections).toHaveLength(2);
  collections[1]?.resolve('second');
  expect(await later).toContain('second');
});

test('what nobody wants is not even loaded', async () => {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    const { createGateway } = await import('./src/gateway.ts');
    const { parseConfig } = await import('./src/config/index.ts');
    const { config } = parseConfig({ ...JSON.parse(process.argv[1]), PORT: '0', LOG_LEVEL: 'silent' });
    const gateway = await createGateway(config);
    await gateway.listen();
    console.log(JSON.stringify({
      promClient: loaded.some((url) => url.includes('/prom-client/')),
      openTelemetry: loaded.some((url) => url.includes('/@opentelemetry/')),
      pinoPretty: loaded.some((url) => url.includes('/pino-pretty/')),
    }));
    await gateway.close();`;
  async function run(environment: Record<string, string>): Promise<unknown> {
    const arguments_ = ['--input-type=module-typescript', '-e', script, JSON.stringify(environment)];
    const { exited, output } = startProcess('node', arguments_);
    await exited;
    return JSON.parse(output());
  }
  const machine = { LOG_FORMAT: 'json' };
  // The same look does see each of them where it is wanted.
  const everything = {
    METRICS_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    LOG_FORMAT: 'pretty',
  };
  expect(await Promise.all([run(machine), run(everything)])).toEqual([
    { promClient: false, openTelemetry: false, pinoPretty: false },
    { promClient: true, openTelemetry: true, pinoPretty: true },
  ]);
});

test('a metrics port that is taken ends the program with exit code 1 and says which variable to set', async () => {
  const other = await startMetered();
  const { port } = new URL(other.metricsOrigin() ?? '');
  const main = startProcess('node', [programs.gateway], {
    env: { PATH: process.env['PATH'], PORT: '0', METRICS_PORT: port },
  });
  onTestFinished(() => void main.process.kill('SIGKILL'));
  expect(await main.exited).toBe(1);
  expect(main.output()).toContain(
    `Cannot listen on 127.0.0.1:${port}: EADDRINUSE. Set METRICS_PORT and METRICS_HOST`,
  );
});
