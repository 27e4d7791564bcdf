import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGateway } from '../../src/gateway.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createSandbox, organisations } from '../../src/sandbox/index.ts';
import type { Fault, Organisation } from '../../src/sandbox/index.ts';
import { errorTable } from '../../src/shared/error-codes.ts';
import { testConfig } from '../support/config.ts';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';
import type { ChaosReport } from './report.ts';
import { addTargets, createWriters } from './writes.ts';
import type { Writers } from './writes.ts';

export interface ChaosOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Callers at the same time. */
  readonly callers: number;
  /**
   * What only a quiet machine keeps: that an answer comes within 250 ms of its deadline, and what the heap holds before and
   * after. @default false
   */
  readonly measures?: boolean;
}

const requestTimeoutMs = 1_500;

const allPersonas = organisations.flatMap(({ personas }) => personas);
const nobody = '00000000-0000-4000-8000-000000000000';

function randomFault(random: Random): Fault {
  return random.pick<Fault>([
    { kind: 'reset' },
    { kind: 'truncate' },
    { kind: 'hang' },
    { kind: 'drip', intervalMs: 20 },
    { kind: 'delay', delayMs: random.integer(600) },
    { kind: 'answer', status: 500 },
    { kind: 'answer', status: 503 },
    { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
    { kind: 'answer', status: 422, body: '{"detail":"no"}' },
    { kind: 'answer', status: 301, headers: { location: 'http://127.0.0.1:1/' } },
    { kind: 'answer', status: 200, body: JSON.stringify({ id: nobody, name: 'nobody' }) },
    { kind: 'answer', status: 200, body: '<html>It works!</html>' },
  ]);
}

/** Runs load and faults against a gateway of its own; everything that went wrong is in the report. */
export async function runChaos({
  seconds,
  seed,
  callers,
  measures = false,
}: ChaosOptions): Promise<ChaosReport> {
  const report: ChaosReport = {
    requests: 0,
    left: 0,
    faults: {},
    answers: {},
    writes: {},
    violations: [],
    p50Ms: 0,
    p99Ms: 0,
    retries: 0,
    breakerOpenings: 0,
    peakInFlight: 0,
    heapBytes: { before: 0, after: 0 },
  };
  const random = createRandom(seed);
  const onUnhandled = (reason: unknown) => report.violations.push(`unhandled rejection: ${String(reason)}`);
  process.on('unhandledRejection', onUnhandled);
  const timersBefore = countTimers();
  const { organisations: extended, targets } = addTargets(organisations);
  const sandbox = await createSandbox({ organisations: extended });
  const { protection } = testConfig({});
  const countOpenings = (state: string) => {
    if (state === 'open') report.breakerOpenings += 1;
  };
  const gateway = await createGateway(
    testConfig({
      // The load, the sandbox and the gateway share one event loop here, so its delay says nothing of the gateway.
      protection: { ...protection, maxQueueDelayMs: 0 },
      requestTimeoutMs,
      writes: true,
      cache: {
        ttlMs: 200,
        notFoundTtlMs: 100,
        staleMs: 300,
        maxEntries: 1_000,
        maxBytes: 1_000_000,
        url: undefined,
      },
      upstream: { kind: 'bluejay', baseUrl: sandbox.url, auth: { mode: 'forward' }, timeoutMs: 400 },
    }),
    {
      logger: createLogger('error', { write: (line) => report.violations.push(`logged: ${line}`) }),
      events: {
        onRetry: () => (report.retries += 1),
        onBreakerStateChange: countOpenings,
        onTenantBreakerStateChange: countOpenings,
      },
    },
  );
  const url = `${await gateway.listen()}/graphql`;
  const durations: number[] = [];
  const writers = createWriters({ url, tenants: extended, targets, random, report });

  async function load(until: number): Promise<void> {
    const loops = Array.from({ length: callers }, async () => {
      while (performance.now() < until) {
        // oxlint-disable-next-line no-await-in-loop -- each caller does one thing after the other
        await (random.next() < 0.4 ? writers.act() : ask(url, random, report, durations));
      }
    });
    await Promise.all(loops);
  }

  await writers.actEachOutcome(sandbox.faults);
  // The first requests fill caches and compile code: they belong to the heap before.
  await load(performance.now() + 1_000);
  if (measures) report.heapBytes.before = await settledHeap();
  durations.length = 0;

  const until = performance.now() + seconds * 1_000;
  const injecting = injectFaults(until, random, sandbox.faults, writers, report);
  await load(until);
  await injecting;

  sandbox.faults.clear();
  sandbox.requests.length = 0;
  await load(performance.now() + 500);
  report.peakInFlight = sandbox.peakInFlight();
  durations.sort((a, b) => a - b);
  report.p50Ms = durations[Math.floor(durations.length * 0.5)] ?? 0;
  report.p99Ms = durations[Math.floor(durations.length * 0.99)] ?? 0;
  sandbox.requests.length = 0;
  if (measures) report.heapBytes.after = await settledHeap();

  await gateway.close();
  writers.verify(sandbox);
  const late = durations.findLast((elapsedMs) => elapsedMs > requestTimeoutMs + 250);
  if (measures && late !== undefined) report.violations.push(`answered after ${late} ms`);
  // The sandbox learns of each socket's end in a turn of its own.
  const connections = await settle(() => sandbox.connections());
  if (connections > 0) report.violations.push(`${connections} sockets are left after the gateway has closed`);
  await sandbox.close();
  const timers = await settle(() => countTimers() - timersBefore);
  if (timers > 0) report.violations.push(`${timers} timers are left after the gateway has closed`);
  process.off('unhandledRejection', onUnhandled);
  return report;
}

async function injectFaults(
  until: number,
  random: Random,
  faults: Awaited<ReturnType<typeof createSandbox>>['faults'],
  writers: Writers,
  report: ChaosReport,
): Promise<void> {
  while (performance.now() < until) {
    const fault = randomFault(random);
    // Mostly one persona and a few calls; now and then an outage that opens the breakers, or peace.
    const weather = random.next();
    const personaId = random.next() < 0.8 ? { personaId: random.pick(allPersonas).id } : {};
    if (weather < 0.2) faults.clear();
    if (weather < 0.05) faults.add({ fault: { kind: 'answer', status: 500 } });
    else if (weather >= 0.2) {
      faults.add({ fault, method: 'GET', times: 1 + random.integer(12), ...personaId });
      if (random.next() < 0.5) {
        const name = writers.injectFault(faults);
        report.faults[name] = (report.faults[name] ?? 0) + 1;
      }
    }
    const fine = fault.kind === 'answer' ? `answer ${fault.status}` : fault.kind;
    const name = weather < 0.05 ? 'outage' : weather < 0.2 ? 'peace' : fine;
    report.faults[name] = (report.faults[name] ?? 0) + 1;
    // oxlint-disable-next-line no-await-in-loop -- a schedule
    await sleep(weather < 0.05 ? 1_000 : weather < 0.2 ? 400 : 20 + random.integer(100));
    if (weather < 0.05) faults.clear();
  }
}

/** One random request of one random tenant, checked against what that tenant may see. */
async function ask(url: string, random: Random, report: ChaosReport, durations: number[]): Promise<void> {
  const tenant = random.pick(organisations);
  const ids = Array.from({ length: 1 + random.integer(8) }, () => random.pick(allPersonas).id);
  const isEntities = random.next() < 0.3;
  const query = isEntities
    ? 'query ($in: [_Any!]!) { answer: _entities(representations: $in) { ... on CustomerPersona { id name } } }'
    : 'query ($in: [UUID!]!) { answer: personas(ids: $in) { id name } }';
  const representations = ids.map((id) => ({ __typename: 'CustomerPersona', id }));
  const leaves = random.next() < 0.1;
  const startedAt = performance.now();
  report.requests += 1;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': tenant.apiKey },
      body: JSON.stringify({ query, variables: { in: isEntities ? representations : ids } }),
      signal: leaves ? AbortSignal.timeout(1 + random.integer(300)) : null,
    });
    check(tenant, ids, (await response.json()) as Answer, report);
  } catch (error) {
    if (leaves) report.left += 1;
    else report.violations.push(`no answer: ${String(error)}`);
  }
  durations.push(performance.now() - startedAt);
}

interface Answer {
  readonly data?: { readonly answer: ({ readonly id: string; readonly name: string | null } | null)[] };
  readonly errors?: { readonly path?: (string | number)[]; readonly extensions: { readonly code: string } }[];
}

function check(
  tenant: Organisation,
  ids: string[],
  { data, errors = [] }: Answer,
  report: ChaosReport,
): void {
  const failed = new Set(errors.map(({ path }) => path?.[1]));
  for (const { extensions } of errors) {
    report.answers[extensions.code] = (report.answers[extensions.code] ?? 0) + 1;
    if (!Object.hasOwn(errorTable, extensions.code) || extensions.code === 'INTERNAL_SERVER_ERROR') {
      report.violations.push(`an error that is not of the table: ${extensions.code}`);
    }
  }
  // A request that is refused as a whole has no data to be right or wrong.
  if (data === undefined && errors.length > 0) return;
  if (errors.length === 0) report.answers['ok'] = (report.answers['ok'] ?? 0) + 1;
  for (const [index, id] of ids.entries()) {
    if (failed.has(index)) continue;
    const expected = tenant.personas.find((persona) => persona.id === id);
    const seen = data?.answer[index];
    if (seen?.id !== expected?.id || (seen?.name ?? null) !== (expected?.name ?? null)) {
      report.violations.push(`${tenant.apiKey} asked for ${id} and got ${JSON.stringify(seen)}`);
    }
  }
}

/** Reads a count until it is 0, or does not become so. */
async function settle(read: () => number | Promise<number>): Promise<number> {
  let left = await read();
  for (const end = performance.now() + 10_000; left > 0 && performance.now() < end;) {
    // oxlint-disable-next-line no-await-in-loop -- it takes some turns
    await sleep(10);
    left = await read();
  }
  return left;
}

/** Timers that keep the process alive. */
function countTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The heap in use once sockets, timers and garbage of the load are gone. */
async function settledHeap(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    // oxlint-disable-next-line no-await-in-loop -- finalizers run between collections
    await sleep(250);
    collect();
  }
  return process.memoryUsage().heapUsed;
}
