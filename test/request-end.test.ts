import type { ServerResponse } from 'node:http';
import { buildSchema } from 'graphql';
import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createBluejay } from '../src/datasources/bluejay/index.ts';
import type { Fault } from '../src/sandbox/index.ts';
import type { Context } from '../src/schema/index.ts';
import { createLogger } from '../src/observability/logger.ts';
import { createGraphQLRoute } from '../src/server/graphql/route.ts';
import type { Exchange } from '../src/server/http/exchange.ts';
import { OpenExchanges } from '../src/server/http/open-exchanges.ts';
import { createHttpServer } from '../src/server/http/server.ts';
import { createProtection } from '../src/server/admission/protection.ts';
import { createRequestWatch } from '../src/server/http/request-watch.ts';
import { testConfig } from './support/config.ts';
import { clinic, exampleId, someIds, startGateway, unknownId } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';
import { createTestExecutor } from './support/executor.ts';
import { startLeavingClient } from './support/leaving-client.ts';
import { startHttpUpstream } from './support/upstreams.ts';

const points = 100_000;
const rateLimit = { points, windowSeconds: 3_600 };

/** How many points a caller has spent, by the header of an answer that costs one. */
async function spent(url: string): Promise<number> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ __typename }"}',
  });
  return points - Number(/r=(\d+)/.exec(response.headers.get('ratelimit') ?? '')?.[1]) - 1;
}

const readExample = { query: `{ persona(id: "${exampleId}") { id } }` };

const manyReads = (count: number) => ({
  query: `query (${Array.from({ length: count }, (_, index) => `$p${index}: [UUID!]!`).join(' ')}) {
    ${Array.from({ length: count }, (_, index) => `p${index}: personas(ids: $p${index}) { id }`).join(' ')}
  }`,
  variables: Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`p${index}`, someIds(100, index)]),
  ),
});

/** Waits until nothing has been asked for during some turns of Bluejay, and says how many calls there were. */
async function settledCalls({ sandbox }: Pick<TestGateway, 'sandbox'>): Promise<number> {
  for (let seen = -1; seen !== sandbox.requests.length; await delay(150)) seen = sandbox.requests.length;
  return sandbox.requests.length;
}

test('a request that is answered in full is charged for every read', async () => {
  const gateway = await startGateway({ protection: { rateLimit } });
  const { query, variables } = manyReads(2);
  await gateway.post({
    query: query.replace('{\n', '{ bad: personasByAgent(agentId: "x") { id }'),
    variables,
  });
  expect(gateway.sandbox.requests).toHaveLength(200);
  expect(await spent(gateway.url)).toBe(200);
});

test('nothing is read after the deadline, and what was read is charged', async () => {
  const gateway = await startGateway({ protection: { rateLimit }, requestTimeoutMs: 1_000 });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const response = await gateway.post(manyReads(10));
  const { errors } = (await response.json()) as { errors: unknown[] };
  expect(errors).toHaveLength(1_000);
  const calls = gateway.sandbox.requests.length;
  expect(calls).toBeLessThanOrEqual(64);
  expect(await settledCalls(gateway)).toBe(calls);
  expect(await spent(gateway.url)).toBe(calls);
  await expect.poll(() => gateway.sandbox.connections()).toBe(0);
});

test('nothing is read after the client has left, and what was read is charged', async () => {
  const gateway = await startGateway({ protection: { rateLimit } });
  gateway.sandbox.faults.add({ fault: { kind: 'delay', delayMs: 50 } });
  const client = startLeavingClient(gateway.url, manyReads(10));
  await expect.poll(() => gateway.sandbox.requests.length).toBeGreaterThan(0);
  await client.leave();
  await expect.poll(() => gateway.logs).toContainEqual(expect.objectContaining({ aborted: true }));
  const calls = await settledCalls(gateway);
  expect(calls).toBeLessThan(1_000);
  // Those that were about to be sent when the client left never arrived.
  const charged = await spent(gateway.url);
  expect(charged).toBeGreaterThanOrEqual(calls);
  expect(charged).toBeLessThanOrEqual(calls + 32);
});

/** One request that reads the example, and a second one that waits for the same read; then the first one leaves. */
async function shareRead(baseUrl: string, held: readonly unknown[]) {
  let coalesced = 0;
  const gateway = await startGateway({
    baseUrl,
    protection: { rateLimit },
    requestTimeoutMs: 30_000,
    events: { onCoalesced: () => void (coalesced += 1) },
  });
  const leaving = startLeavingClient(gateway.url, readExample);
  await expect.poll(() => held.length).toBe(1);
  const staying = gateway.post(readExample);
  await expect.poll(() => coalesced).toBe(1);
  await leaving.leave();
  const calls = () =>
    gateway.logs.filter(({ msg }) => msg === 'request').map(({ upstreamCalls }) => upstreamCalls);
  return { gateway, staying, calls };
}

test('a read that another request shares goes on for that one, which pays for what comes after', async () => {
  const held: ServerResponse[] = [];
  const baseUrl = await startHttpUpstream((_request, response) => void held.push(response));
  const { gateway, staying, calls } = await shareRead(baseUrl, held);
  await expect.poll(calls).toEqual([1]);
  // It fails, and is sent again for the one who stayed.
  held[0]?.writeHead(503).end();
  await expect.poll(() => held.length).toBe(2);
  held[1]?.end(JSON.stringify(clinic.personas[0]));
  expect(await (await staying).json()).toEqual({ data: { persona: { id: exampleId } } });
  await expect.poll(calls).toEqual([1, 1]);
  expect(await spent(gateway.url)).toBe(2);
});

test('a question about the path that another request shares is paid for by that one once the first has left', async () => {
  const held: { path: string; response: ServerResponse }[] = [];
  const json = { 'content-type': 'application/json' };
  const baseUrl = await startHttpUpstream(({ url = '' }, response) => {
    if (url.endsWith(exampleId)) response.writeHead(404, json).end('{"detail":"Not Found"}');
    else held.push({ path: url, response });
  });
  const { staying, calls } = await shareRead(baseUrl, held);
  await expect.poll(calls).toEqual([2]);
  held[0]?.response.writeHead(503).end();
  await expect.poll(() => held.length).toBe(2);
  held[1]?.response.writeHead(422, json).end('{"detail":[]}');
  expect(await (await staying).json()).toEqual({ data: { persona: null } });
  await expect.poll(calls).toEqual([2, 1]);
});

/** Stale at once, and may be used while it is fetched anew. */
const staleAnswer: Fault = {
  kind: 'answer',
  status: 200,
  body: JSON.stringify(clinic.personas[0]),
  headers: { 'cache-control': 'max-age=0, stale-while-revalidate=600' },
};

test('what is fetched anew behind a stale answer is charged to the request that caused it', async () => {
  const gateway = await startGateway({ protection: { rateLimit } });
  gateway.sandbox.faults.add({ fault: staleAnswer });
  await gateway.post(readExample);
  await gateway.post(readExample);
  await expect.poll(() => gateway.sandbox.requests.length).toBe(2);
  expect(await spent(gateway.url)).toBe(2);
});

test('what cannot be fetched anew behind a stale answer is not tried again until the next one', async () => {
  const gateway = await startGateway({ protection: { rateLimit } });
  const { faults } = gateway.sandbox;
  faults.add({ fault: { kind: 'answer', status: 503 } });
  faults.add({ fault: staleAnswer, times: 1 });
  await gateway.post(readExample);
  await gateway.post(readExample);
  expect(await settledCalls(gateway)).toBe(2);
  expect(await spent(gateway.url)).toBe(2);
});

/** A schema in which one field's error takes the whole answer while other fields read. */
function bubblingSchema(): GraphQLSchema {
  const schema = buildSchema('type Query { bad: Int!, reads(count: Int!): [Int] }');
  const resolvers: Record<string, GraphQLFieldResolver<unknown, Context, { count: number }>> = {
    bad: async () => Promise.reject(new Error('bad')),
    reads: (_root, { count }, { dataSources }) =>
      someIds(count).map(async (id) => {
        await dataSources.customerPersonas.load(id);
        // A read that depends on another one.
        await dataSources.customerPersonas.load(unknownId);
        return 1;
      }),
  };
  const fields = schema.getQueryType()?.getFields() ?? {};
  for (const [name, resolve] of Object.entries(resolvers)) Object.assign(fields[name] ?? {}, { resolve });
  return schema;
}

test('when a null bubbles up to the root, what is read beside it ends, and what was spent is charged', async () => {
  const { sandbox, logs } = await startGateway();
  sandbox.faults.add({ fault: { kind: 'delay', delayMs: 50 } });
  const logger = createLogger('silent');
  const bluejay = await createBluejay({ baseUrl: sandbox.url, userAgent: 'test' });
  onTestFinished(() => bluejay.close());
  const config = testConfig({});
  const open = new OpenExchanges<Exchange>();
  const protection = await createProtection({
    ...config.protection,
    rateLimit,
    credentialOf: () => undefined,
    isBehindRouter: false,
    openExchanges: () => open.list(),
    cachedBytes: () => 0,
    routerSecret: { secrets: [], isExempt: () => false },
    sharedUrl: undefined,
    logger,
  });
  const route = createGraphQLRoute({
    executor: createTestExecutor({
      logger,
      schema: bubblingSchema(),
      customerPersonas: bluejay.customerPersonas,
    }),
    admission: protection.admission,
    backlogOf: () => 0,
    auth: { mode: 'service', apiKey: clinic.apiKey },
    requestTimeoutMs: 5_000,
    serverTiming: false,
    graphiql: undefined,
    trustedDocuments: undefined,
  });
  onTestFinished(() => protection.close());
  const server = createHttpServer({
    ...config.http,
    routes: new Map([['/graphql', protection.protect(route)]]),
    logger,
    watch: createRequestWatch({ logger }),
    open,
    ledger: protection.ledger,
  });
  onTestFinished(() => server.close(0, 0));
  const url = await server.listen(0, '127.0.0.1');

  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ bad reads(count: 1000) }' }),
  });
  expect(await response.json()).toMatchObject({ data: null, errors: [{ path: ['bad'] }] });
  const calls = await settledCalls({ sandbox });
  expect(calls).toBeLessThanOrEqual(32);
  expect(bluejay.load()).toMatchObject({ inFlight: 0, queued: 0 });
  expect(await spent(url)).toBe(Math.max(1, calls));
  expect(logs).not.toContainEqual(expect.objectContaining({ level: 'error' }));
});
