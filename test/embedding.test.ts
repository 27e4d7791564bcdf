import { expect, onTestFinished, test } from 'vitest';
import { createGateway } from '../src/index.ts';
import type { ConfigurationError, GatewayOptions, PartialConfig } from '../src/index.ts';
import { clinic, exampleId } from './support/gateway.ts';

const personaBody = JSON.stringify({ query: `{ persona(id: "${exampleId}") { name } }` });

function createOwnLogger() {
  const messages: string[] = [];
  const log = (fields: unknown, message = String(fields)) => void messages.push(message);
  return { messages, logger: { debug: log, info: log, warn: log, error: log, fatal: log } };
}

async function listen(config: PartialConfig, options: GatewayOptions = {}) {
  const { logger, messages } = createOwnLogger();
  const gateway = await createGateway({ ...config, port: 0 }, { logger, ...options });
  onTestFinished(() => gateway.close(0));
  const url = await gateway.listen();
  const post = (path: string, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: personaBody,
    });
  return { url, post, messages };
}

test('a gateway needs no configuration, and takes a logger of five methods', async () => {
  const { post, messages } = await listen({});
  expect(await (await post('/graphql')).json()).toEqual({
    data: { persona: { name: clinic.personas[0]?.name } },
  });
  expect(messages).toContain('request');
});

test('a part of the configuration is completed by the defaults of its environment', async () => {
  const { post, url } = await listen({
    environment: 'production',
    upstream: { kind: 'bluejay', baseUrl: 'http://127.0.0.1:1' },
    limits: { aliases: 1 },
  });
  // Production forwards keys and has no page; nobody listens at the port.
  expect(await (await post('/graphql')).json()).toMatchObject({
    errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  });
  expect(await (await post('/graphql', { 'x-api-key': clinic.apiKey })).json()).toMatchObject({
    errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
  });
  expect((await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(406);
});

test.each<[option: string, config: object]>([
  ['port', { port: '4000' }],
  ['port', { port: 65_536 }],
  ['host', { host: 5 }],
  ['host', { host: '' }],
  ['environment', { environment: 'staging' }],
  ['requestTimeoutMs', { requestTimeoutMs: Number.NaN }],
  ['requestTimeoutMs', { requestTimeoutMs: Number.POSITIVE_INFINITY }],
  ['graphiql', { graphiql: 'false' }],
  ['http', { http: 5 }],
  ['http.maxConnections', { http: { maxConnections: 1.5 } }],
  ['http.receiveTimeoutMs', { http: { receiveTimeoutMs: -1 } }],
  ['limits.depth', { limits: { depth: null } }],
  ['log.level', { log: { level: 'loud' } }],
  ['log.sampleSuccesses', { log: { sampleSuccesses: 1.5 } }],
  ['routerSecrets', { routerSecrets: 'a-secret-of-the-router' }],
  ['routerSecrets', { routerSecrets: ['hidden'] }],
  ['protection.corsOrigins', { protection: { corsOrigins: ['https://app.example.com/'] } }],
  ['protection.corsHeaders', { protection: { corsHeaders: ['x tenant'] } }],
  ['protection.rateLimit', { protection: { rateLimit: { windowSeconds: 60 } } }],
  ['protection.memoryBudgetBytes', { protection: { memoryBudgetBytes: 0 } }],
  ['cache.url', { cache: { url: 'http://cache' } }],
  ['upstream.auth.apiKey', { upstream: { kind: 'bluejay', auth: { mode: 'service', apiKey: 'hidden' } } }],
  ['upstream.baseUrl', { upstream: { kind: 'bluejay', baseUrl: 'ftp://bluejay' } }],
  ['tracing.sampler', { tracing: { sampler: 'some' } }],
])('%s is refused by name in %j, without the value of a secret', async (option, config) => {
  const problems: unknown = await createGateway(config).catch((error: ConfigurationError) => error.problems);
  expect(problems).toEqual([expect.stringMatching(new RegExp(`^${option}: expected `))]);
  expect(JSON.stringify(problems)).not.toMatch(/hidden/);
});

test('options that their variables accept are accepted, in any order and together', async () => {
  const { post } = await listen({
    environment: 'test',
    log: { sampleSuccesses: 1 / 3 },
    protection: {
      rateLimit: { windowSeconds: 60, points: 100_000_000 },
      allowedHosts: [],
      corsOrigins: [],
      corsHeaders: [],
    },
    routerSecrets: [],
    drainDelayMs: 0,
    metrics: { port: 0 },
  });
  expect((await post('/graphql')).status).toBe(200);
});

test('a section that is off by default has the defaults of its variables once it is on', async () => {
  const gateway = await createGateway({ port: 0, host: '127.0.0.2', metrics: {} });
  onTestFinished(() => gateway.close(0));
  await gateway.listen();
  expect(gateway.metricsOrigin()).toMatch(/^http:\/\/127\.0\.0\.2:\d+$/);
});

test('GraphQL and its page are served at another path, and nowhere else', async () => {
  const { post, url } = await listen({ graphiql: true }, { path: '/teams/bluejay' });
  expect((await post('/teams/bluejay')).status).toBe(200);
  expect((await post('/graphql')).status).toBe(404);
  const page = await (await fetch(`${url}/teams/bluejay`, { headers: { accept: 'text/html' } })).text();
  // GraphiQL asks the address of its own page unless it is told another one.
  expect([page.includes('renderYogaGraphiQL'), page.includes('"endpoint":')]).toEqual([true, false]);
});

test.each(['graphql', '/graphql?x', '/health/ready', ''])(
  'the path %j is refused at the start, with a word on what is expected',
  async (path) => {
    await expect(createGateway({}, { path })).rejects.toThrow('path: expected one such as /graphql');
  },
);
