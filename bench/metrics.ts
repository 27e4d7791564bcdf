// What metrics cost a request, with traces off. `npm run bench:metrics` prints two figures: the CPU of whole
// processes with metrics and without, in rounds that take turns, and the time in which one request's events are
// counted, which the noise of the first figure hides.
import { availableParallelism } from 'node:os';
import { createMetrics } from '../src/observability/metrics/index.ts';
import { measureScenario } from './measure.ts';
import { createPrograms } from './programs.ts';
import { uniqueIds } from './scenarios.ts';
import { gateway, startServer } from './servers.ts';
import type { Server, ServerKind } from './servers.ts';
import { median } from './statistics.ts';
import { startUpstream } from './upstream.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Counts what happens in one request for one persona, and returns the microseconds that it takes. */
function measureEvents(): number {
  const operation = 'getCustomerPersona';
  const { events } = createMetrics({
    version: 'bench',
    errorCodes: [],
    readLoad: () => {
      throw new Error('Nobody scrapes here');
    },
  });
  const attempt = { operation, urlTemplate: '/v1/customer-persona/{persona_id}', number: 1 } as const;
  const nothing = {};
  function countRequest(durationMs: number): void {
    events.onRequestStart?.();
    events.onBatch?.(operation, 1);
    events.onCache?.('miss');
    events.onAttempt?.(attempt, { status: 200, failure: undefined, durationMs });
    events.onOperation?.({ name: 'Persona', outcome: 'ok', durationMs });
    events.onRequestEnd?.({
      method: 'POST',
      route: '/graphql',
      status: 200,
      durationMs,
      errorCodes: nothing,
      brokenLimits: nothing,
    });
  }
  const requests = 200_000;
  const samples = Array.from({ length: 11 }, () => {
    const startedAt = performance.now();
    for (let request = 0; request < requests; request += 1) countRequest(request % 97);
    return ((performance.now() - startedAt) * 1e3) / requests;
  });
  return median(samples);
}

const metered: ServerKind = {
  ...gateway,
  name: 'gateway with metrics',
  env: (upstream) => ({ ...gateway.env(upstream), METRICS_PORT: '0' }),
};

/** Two processes that run the same differ by some microseconds too: several of each, and what they differ by. */
const replicas = 3;
const pace = { rounds: 21, roundMs: 500, warmUpMs: 3_000 };

const programs = createPrograms({ pin: true });
const upstream = await startUpstream(programs);
const servers: Server[] = [];
for (let replica = 0; replica < replicas; replica += 1) {
  for (const kind of [gateway, metered]) servers.push(await startServer(kind, programs, upstream));
}
const results = await measureScenario(uniqueIds, servers, pace);
const microsOf = (name: string) =>
  results.filter(({ server }) => server === name).map(({ cpuMicros }) => cpuMicros);
const off = microsOf(gateway.name);
const on = microsOf(metered.name);
const list = (values: number[]) => values.map((value) => value.toFixed(1)).join(', ');
print(
  `CPU per request: metrics off ${list(off)} µs, on ${list(on)} µs: ` +
    `${(median(on) - median(off)).toFixed(1)} µs more (medians)`,
);
print(`counting one request's events: ${measureEvents().toFixed(2)} µs`);
print(`${availableParallelism()} cores, Node.js ${process.version}`);
// Ends the programs, too.
process.exit();
