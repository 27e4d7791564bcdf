// What metrics cost a request, with traces off. `npm run bench:metrics` prints two figures: the CPU of one process
// that serves with metrics on one address and without on another, in rounds that take turns (two processes that run
// the same differ by more than metrics cost), and the time in which one request's events are counted, which is what
// the noise of the first figure hides. Observing garbage collection and the event loop costs no request anything.
import { availableParallelism } from 'node:os';
import { createMetrics } from '../src/observability/metrics/index.ts';
import { measureScenario } from './measure.ts';
import { createPrograms } from './programs.ts';
import { uniqueIds } from './scenarios.ts';
import { gateway, startServer } from './servers.ts';
import type { ServerKind } from './servers.ts';
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

const both: ServerKind = { ...gateway, name: 'both', file: 'bench/metrics-pair.ts' };
const pace = { rounds: 101, roundMs: 300, warmUpMs: 5_000 };

const programs = createPrograms({ pin: true });
const upstream = await startUpstream(programs);
const { program } = await startServer(both, programs, upstream);
const servers = [
  { name: 'metrics off', program },
  { name: 'metrics on', program: { ...program, url: program.url.replace('127.0.0.1', '127.0.0.2') } },
];
const [off, on] = await measureScenario(uniqueIds, servers, pace);
if (off !== undefined && on !== undefined) {
  const cost = off.cpuMicros * (on.ratio.median - 1);
  print(
    `CPU per request: metrics off ${off.cpuMicros.toFixed(1)} µs, on ${on.cpuMicros.toFixed(1)} µs: ` +
      `${cost.toFixed(1)} µs more (median of ${pace.rounds} pairs of rounds)`,
  );
}
print(`counting one request's events: ${measureEvents().toFixed(2)} µs`);
print(`${availableParallelism()} cores, Node.js ${process.version}`);
// Ends the programs, too.
process.exit();
