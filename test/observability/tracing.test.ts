import { expect, test } from 'vitest';
import { personaQuery, personasQuery } from '../../examples/frontend/operations.ts';
import { configOf } from '../support/config.ts';
import { clinic, exampleId, startGateway, unknownId } from '../support/gateway.ts';
import type { TestGatewayOptions } from '../support/gateway.ts';
import { startLeavingClient } from '../support/leaving-client.ts';
import { startMain } from '../support/main.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import type { ReceivedSpan } from '../support/otlp-receiver.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpanId = 'b7ad6b7169203331';
const sampled = `00-${traceId}-${callerSpanId}-01`;

async function startTraced(options: TestGatewayOptions = {}, environment: Record<string, string> = {}) {
  const receiver = await startOtlpReceiver();
  const { tracing } = configOf({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...environment });
  if (tracing === undefined) throw new Error('Traces, please');
  const gateway = await startGateway({ tracing, ...options });
  return { gateway, receiver };
}

function spanOf(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const span = spans.find((each) => each.name === name);
  if (span === undefined) throw new Error(`No ${name} among ${spans.map((each) => each.name).join(', ')}`);
  return span;
}

const attemptName = 'GET /v1/customer-persona/{persona_id}';

test('a router’s request joins its trace: server, operation, and each attempt with the retries', async () => {
  const { gateway, receiver } = await startTraced();
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 503, body: '{}' }, times: 2 });
  const query = `query Entities($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on CustomerPersona { name } }
  }`;
  const representations = [{ __typename: 'CustomerPersona', id: exampleId }];
  const headers = { traceparent: sampled, tracestate: 'vendor=value', 'x-request-id': 'traced' };
  const response = await gateway.post({ query, variables: { representations } }, headers);
  expect(await response.json()).not.toHaveProperty('errors');
  await gateway.close();

  const { spans } = receiver;
  expect(spans.map((span) => span.traceId)).toEqual(Array.from({ length: 5 }, () => traceId));
  const server = spanOf(spans, 'POST /graphql');
  expect(server).toMatchObject({ kind: 2, parentSpanId: callerSpanId, statusCode: 0 });
  expect(server.attributes).toEqual({
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'http.route': '/graphql',
    'url.path': '/graphql',
    'url.scheme': 'http',
  });
  const operation = spanOf(spans, 'query Entities');
  expect(operation).toMatchObject({ kind: 1, parentSpanId: server.spanId, statusCode: 0 });
  expect(operation.attributes).toEqual({
    'graphql.operation.name': 'Entities',
    'graphql.operation.type': 'query',
  });

  const attempts = spans.filter(({ name }) => name === attemptName);
  expect(attempts.map((span) => span.attributes)).toEqual([
    {
      'http.request.method': 'GET',
      'peer.service': 'bluejay',
      'url.template': '/v1/customer-persona/{persona_id}',
      'http.response.status_code': 503,
      'error.type': '503',
    },
    {
      'http.request.method': 'GET',
      'peer.service': 'bluejay',
      'url.template': '/v1/customer-persona/{persona_id}',
      'http.request.resend_count': 1,
      'http.response.status_code': 503,
      'error.type': '503',
    },
    {
      'http.request.method': 'GET',
      'peer.service': 'bluejay',
      'url.template': '/v1/customer-persona/{persona_id}',
      'http.request.resend_count': 2,
      'http.response.status_code': 200,
    },
  ]);
  for (const attempt of attempts) expect(attempt).toMatchObject({ kind: 3, parentSpanId: operation.spanId });
  expect(attempts.map((span) => span.statusCode)).toEqual([2, 2, 0]);

  // Bluejay may join each attempt, and the caller's state goes along.
  expect(gateway.sandbox.requests.map((request) => request.headers['traceparent'])).toEqual(
    attempts.map(({ spanId }) => `00-${traceId}-${spanId}-01`),
  );
  expect(gateway.sandbox.requests[0]?.headers['tracestate']).toBe('vendor=value');
  expect(gateway.logs).toContainEqual(expect.objectContaining({ requestId: 'traced', traceId }));
});

test('without a caller’s trace each request starts its own, under the gateway’s name', async () => {
  const { gateway, receiver } = await startTraced({}, { OTEL_SERVICE_NAME: 'personas' });
  await gateway.query(personaQuery, { id: exampleId }, { traceparent: 'nonsense' });
  await gateway.query(personaQuery, { id: unknownId });
  await gateway.close();
  const servers = receiver.spans.filter(({ kind }) => kind === 2);
  expect(servers.map(({ parentSpanId }) => parentSpanId)).toEqual(['', '']);
  expect(new Set(servers.map((span) => span.traceId)).size).toBe(2);
  expect(receiver.resource).toMatchObject({ 'service.name': 'personas', 'service.version': '0.1.0' });
  // That there is no such persona is an answer.
  expect(receiver.spans.filter(({ statusCode }) => statusCode !== 0)).toEqual([]);
});

test('no id, host, key, header or variable is in a trace', async () => {
  const { gateway, receiver } = await startTraced({ auth: { mode: 'forward' } });
  const headers = { 'x-api-key': clinic.apiKey, 'x-canary': 'canary' };
  await gateway.query(personasQuery, { ids: [exampleId, unknownId] }, headers);
  await fetch(`${gateway.url}/canary?canary`, { method: 'POST' });
  await gateway.close();
  const text = receiver.text();
  expect(text).toContain('url.template');
  for (const secret of [exampleId, unknownId, clinic.apiKey, 'canary', new URL(gateway.sandbox.url).host]) {
    expect(text).not.toContain(secret);
  }
  expect(spanOf(receiver.spans, 'POST').attributes).toMatchObject({ 'http.response.status_code': 404 });
});

test('what fails is marked where it failed', async () => {
  const { gateway, receiver } = await startTraced({ timeoutMs: 100 });
  gateway.sandbox.faults.add({ personaId: exampleId, fault: { kind: 'hang' } });
  await gateway.query(personaQuery, { id: exampleId });
  await gateway.post({ query: '{ nobody }' });
  await gateway.close();
  const attempt = spanOf(receiver.spans, attemptName);
  expect(attempt).toMatchObject({ statusCode: 2, attributes: { 'error.type': 'timeout' } });
  expect(spanOf(receiver.spans, 'query Persona')).toMatchObject({
    statusCode: 2,
    attributes: { 'error.type': 'UPSTREAM_TIMEOUT' },
  });
  // A document that is refused is the client's fault.
  expect(spanOf(receiver.spans, 'GraphQL Operation')).toMatchObject({ statusCode: 0, attributes: {} });
});

test('a client that leaves ends its spans', async () => {
  const { gateway, receiver } = await startTraced();
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const client = startLeavingClient(gateway.url, { query: `{ persona(id: "${exampleId}") { id } }` });
  await expect.poll(() => gateway.sandbox.requests.length).toBe(1);
  await client.leave();
  await expect.poll(() => gateway.logs).toContainEqual(expect.objectContaining({ aborted: true }));
  await gateway.close();
  expect(spanOf(receiver.spans, attemptName).attributes).toMatchObject({ 'error.type': 'cancelled' });
  expect(spanOf(receiver.spans, 'POST /graphql').attributes).toMatchObject({ 'error.type': 'aborted' });
});

test.each([
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, sampled, 0],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, sampled, 3],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, sampled.replace(/1$/, '0'), 0],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, sampled, 0],
])('with %j a request of %s has %i spans', async (environment, traceparent, count) => {
  const { gateway, receiver } = await startTraced({}, environment);
  await gateway.query(personaQuery, { id: exampleId }, { traceparent });
  await gateway.close();
  expect(receiver.spans).toHaveLength(count);
  // Whoever decides, the caller's trace goes on.
  expect(gateway.sandbox.requests[0]?.headers['traceparent']).toContain(traceId);
});

test('probes are not traced', async () => {
  const { gateway, receiver } = await startTraced();
  await fetch(`${gateway.url}/health/ready`);
  await gateway.close();
  expect(receiver.spans).toEqual([]);
});

test('a receiver that refuses traces is named once in the log, by its variables, and stops nothing', async () => {
  const { gateway, receiver } = await startTraced();
  receiver.answerWith(400);
  await gateway.query(personaQuery, { id: exampleId });
  await gateway.close();
  expect(receiver.deliveries()).toBe(1);
  const warning = 'traces cannot be delivered: check the OTEL_EXPORTER_OTLP variables';
  expect(gateway.logs.filter(({ msg }) => msg === warning)).toHaveLength(1);
  expect(gateway.logText()).not.toContain(new URL(receiver.endpoint).host);
});

test.each([
  [
    { OTEL_RESOURCE_ATTRIBUTES: 'service.name=personas,team=blue' },
    { 'service.name': 'personas', team: 'blue' },
  ],
  [
    { OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,service.version=7', OTEL_SERVICE_NAME: 'personas' },
    { 'service.name': 'personas', 'service.version': '7' },
  ],
])('with %j a trace says of the gateway %j', async (environment, resource) => {
  const { gateway, receiver } = await startTraced({}, environment);
  await gateway.query(personaQuery, { id: exampleId });
  await gateway.close();
  expect(receiver.resource).toMatchObject(resource);
});

test('an endpoint for traces is used as it is, and alone turns them on', async () => {
  const receiver = await startOtlpReceiver('/elsewhere?tenant=blue');
  const { tracing } = configOf({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.endpoint}/elsewhere?tenant=blue`,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  });
  const gateway = await startGateway({ tracing });
  await gateway.query(personaQuery, { id: exampleId });
  await gateway.close();
  expect(receiver.spans).toHaveLength(3);
});

test('without a propagator a request starts its own trace, and Bluejay is told of none', async () => {
  const { gateway, receiver } = await startTraced({}, { OTEL_PROPAGATORS: 'none' });
  await gateway.query(personaQuery, { id: exampleId }, { traceparent: sampled });
  await gateway.close();
  expect(spanOf(receiver.spans, 'POST /graphql').traceId).not.toBe(traceId);
  expect(gateway.sandbox.requests[0]?.headers).not.toHaveProperty('traceparent');
});

test('a receiver that never answers holds up the end of one or two processes for no more than two seconds', async () => {
  const endWith = async (workers: string) => {
    const { sandbox } = await startGateway();
    const receiver = await startOtlpReceiver();
    receiver.stall();
    const main = await startMain({
      WORKERS: workers,
      LOG_FORMAT: 'json',
      BLUEJAY_BASE_URL: sandbox.url,
      BLUEJAY_API_KEY: clinic.apiKey,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      // Less than what the exporter waits for, so that it is not this that ends the process.
      OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
      REQUEST_TIMEOUT_MS: '60000',
    });
    await expect.poll(main.output, { timeout: 30_000 }).toContain('"listening"');
    await fetch(`${main.url}/graphql`);
    main.process.kill('SIGTERM');
    expect(await main.exited).toBe(0);
    expect(receiver.deliveries()).toBe(1);
    expect(main.output()).toContain('the last traces are given up');
  };
  await Promise.all(['1', '2'].map(endWith));
});

test('without an endpoint nothing is traced and nothing is sent along', async () => {
  const gateway = await startGateway();
  await gateway.query(personaQuery, { id: exampleId }, { traceparent: sampled });
  expect(gateway.sandbox.requests[0]?.headers).not.toHaveProperty('traceparent');
  expect(gateway.logs[0]).not.toHaveProperty('traceId');
});
