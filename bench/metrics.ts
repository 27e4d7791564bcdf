// Measures what metrics cost a request, with traces off. `npm run bench:metrics` prints the CPU of a request with and
// without metrics, in alternating rounds: from its parsed parameters to its end, through the GraphQL pipeline, the data
// sources, the cache and the resilience chain. It uses a stub for Bluejay and no sockets, whose noise is several times
// the difference.
import { parseConfig } from '../src/config/index.ts';
import type { Config } from '../src/config/index.ts';
import { createDataSourcesFactory } from '../src/datasources/index.ts';
import { getCustomerPersona } from '../src/datasources/bluejay/customer-persona.ts';
import { credential, errorDialect } from '../src/datasources/bluejay/service.ts';
import type { Caller } from '../src/datasources/upstream/call.ts';
import { createGenerations } from '../src/datasources/upstream/cache/generations.ts';
import { createReadCall } from '../src/datasources/upstream/client.ts';
import { createFingerprint } from '../src/datasources/upstream/fingerprint.ts';
import { createBulkhead } from '../src/datasources/upstream/resilience/bulkhead.ts';
import { createChain } from '../src/datasources/upstream/resilience/chain.ts';
import type { Transport } from '../src/datasources/upstream/transport/transport.ts';
import { createTenants } from '../src/datasources/upstream/resilience/tenants.ts';
import type { GatewayEvents } from '../src/gateway.ts';
import { createEventLog } from '../src/observability/event-log.ts';
import { createLogger } from '../src/observability/logger.ts';
import { mergeEvents } from '../src/observability/merge-events.ts';
import { createMetrics } from '../src/observability/metrics/index.ts';
import { createSchema } from '../src/schema/index.ts';
import { RequestCallObserver } from '../src/server/graphql/call-observer.ts';
import { createExecutor } from '../src/server/graphql/executor.ts';
import { createInlineTracer } from '../src/server/graphql/inline-trace.ts';
import { createPipeline } from '../src/server/graphql/pipeline.ts';
import { createRepresentationLimit } from '../src/server/graphql/representations.ts';
import { createRequestWatch } from '../src/server/http/request-watch.ts';
import { createFormatResult } from '../src/server/graphql/result.ts';
import { createCallerAccount } from '../src/server/http/caller-account.ts';
import type { Exchange } from '../src/server/http/exchange.ts';
import { createStatistics } from '../src/server/http/statistics.ts';
import { median } from './statistics.ts';

const rounds = 41;
const requests = 10_000;
const concurrency = 32;
const config = readConfig();
const now = () => performance.now();
const logger = createLogger('warn');
const query = 'query Persona($id: UUID!) { persona(id: $id) { id createdAt name description goal orgId } }';

const listByAgent = () => Promise.resolve({ value: [], freshUntil: 0 });
const never = () => Promise.reject(new Error('Nothing is written here'));

let next = 0;
const nextId = () => `00000000-0000-4000-8000-${String((next += 1)).padStart(12, '0')}`;

function readConfig(): Config {
  const result = parseConfig({ NODE_ENV: 'production' });
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
}

/** All that a request passes but sockets, with these listeners. */
function createRequest(own: GatewayEvents): () => Promise<void> {
  const events = mergeEvents<GatewayEvents>(createEventLog(logger), own);
  const transport: Transport = {
    send({ path }, continuation) {
      const persona = {
        id: path.slice(-36),
        created_at: '2023-11-07T05:31:56Z',
        name: 'A',
        description: 'B',
      };
      const body = JSON.stringify({ ...persona, goal: 'C', org_id: '6f1d2b7e-5a0c-4c58-9d1e-2f6a4b8c0d11' });
      continuation.resolve({ status: 200, headers: {}, body });
    },
    close: () => Promise.resolve(),
  };
  const name = { service: 'bluejay', operation: getCustomerPersona.operation };
  const call = createReadCall({
    ...name,
    generations: createGenerations({ now }),
    endpoint: getCustomerPersona,
    transport,
    errorDialect,
    fingerprint: createFingerprint({ ...credential, service: name.service, baseUrl: 'http://127.0.0.1' }),
    cache: undefined,
    chain: createChain({
      ...name,
      idempotent: true,
      tenants: createTenants({
        acceptedKeys: undefined,
        now,
        onStateChange: () => {},
        onTenantStateChange: () => {},
      }),
      acceptedKeys: undefined,
      bulkhead: createBulkhead(),
      slowMs: 1_500,
      now,
      random: Math.random,
      events,
    }),
    events,
    now,
    wallClock: Date.now,
  });
  const get = (id: string, caller: Caller) => call({ persona_id: id }, caller);
  const schema = createSchema();
  const execute = createExecutor({
    pipeline: createPipeline({
      schema,
      limits: config.limits,
      exposure: { introspection: false, serviceSdl: false },
    }),
    schema,
    createDataSources: createDataSourcesFactory({
      customerPersonas: { get, listByAgent, create: never, update: never, delete: never },
      events,
    }),
    formatResult: createFormatResult(logger),
    limitRepresentations: createRepresentationLimit(1_000),
    inlineTracer: createInlineTracer(createSchema),
    maxResponseBytes: config.maxResponseBytes,
    onOperation: events.onOperation,
  });
  const watch = createRequestWatch({ logger, events });
  return async () => {
    const startedAt = now();
    const statistics = createStatistics();
    const trace = watch.start({ method: 'POST', headers: {} }, '/graphql');
    await execute({
      params: { query, operationName: undefined, variables: { id: nextId() }, extensions: undefined },
      mediaType: 'application/json',
      requestId: 'bench',
      caller: {
        apiKey: 'bench-key',
        observer: new RequestCallObserver({ ...unheld, statistics }, undefined),
      },
      statistics,
      wantsTrace: false,
    });
    const durationMs = now() - startedAt;
    watch.end({
      method: 'POST',
      requestId: 'bench',
      route: '/graphql',
      trace,
      status: 200,
      durationMs,
      statistics,
    });
  };
}

/** What the observer uses of an exchange. */
const unheld = {
  account: createCallerAccount('bench'),
  server: { ledger: { add() {} } },
} as unknown as Exchange;

/** CPU microseconds of this process per request. */
async function measure(request: () => Promise<void>): Promise<number> {
  let left = requests;
  const before = process.cpuUsage();
  const work = async () => {
    while (left > 0) {
      left -= 1;
      await request();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

const metrics = createMetrics({
  prefix: 'bluejay_graphql_',
  version: 'bench',
  errorCodes: [],
  readLoads: () => {
    throw new Error('Nobody scrapes here');
  },
});
const events = { ...metrics.events, ...metrics.eventsOf('bluejay', []) };
const without = createRequest({});
const withMetrics = createRequest(events);
for (let round = 0; round < 5; round += 1) {
  await measure(without);
  await measure(withMetrics);
}
const pairs: { off: number; on: number }[] = [];
for (let round = 0; round < rounds; round += 1) {
  if (round % 2 === 0) pairs.push({ off: await measure(without), on: await measure(withMetrics) });
  else {
    const on = await measure(withMetrics);
    pairs.push({ off: await measure(without), on });
  }
}
const off = median(pairs.map((pair) => pair.off));
const on = median(pairs.map((pair) => pair.on));
const cost = median(pairs.map((pair) => pair.on - pair.off));
process.stdout.write(
  `metrics off ${off.toFixed(1)} µs, on ${on.toFixed(1)} µs: ${cost.toFixed(1)} µs of CPU more per request ` +
    `(medians of ${rounds} pairs, ${requests} requests each, Node.js ${process.version})\n`,
);
process.exit();
