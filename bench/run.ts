// `npm run bench` compares the gateway with its references and writes bench/results.md; `-- --short` prints a line a
// scenario within a minute; `-- --soak` sends two million requests and writes bench/soak.md.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureDocuments, measureIds } from './growth.ts';
import { addLatencies, measureScenario, measureStart } from './measure.ts';
import type { Pace } from './measure.ts';
import { createPrograms, readMemoryMb } from './programs.ts';
import { count, decimal, describeMachine, printReport, ratio } from './report.ts';
import type { ScenarioReport } from './report.ts';
import { scenarios } from './scenarios.ts';
import { cachedGateway, floor, gateway, installReferences, references, startServer } from './servers.ts';
import type { Server, ServerKind } from './servers.ts';
import { soak } from './soak.ts';
import { startUpstream } from './upstream.ts';

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    requests: { type: 'string', default: '2000000' },
  },
});
if (!existsSync('/proc/self/schedstat')) {
  process.stderr.write(
    'The benchmark reads CPU and memory from /proc: run it on Linux, with its schedstat.\n',
  );
  process.exit(1);
}

const print = (line: string) => process.stdout.write(`${line}\n`);
const programs = createPrograms({ pin: true });

if (values.soak) await runSoak();
else if (values.short) await runShort({ rounds: 5, roundMs: 500, warmUpMs: 500 });
else await runAll({ rounds: 7, roundMs: 1_000, warmUpMs: 4_000 });
// Also ends the programs.
process.exit();

async function runSoak(): Promise<void> {
  write('soak.md', await soak(programs, Number(values.requests), print));
}

async function runShort(pace: Pace): Promise<void> {
  const upstream = await startUpstream(programs);
  const servers = await startAll([floor, gateway, cachedGateway], upstream);
  for (const scenario of scenarios) {
    const [base, own] = await measureScenario(scenario, subjectsOf(servers, scenario.isCached), pace);
    if (base === undefined || own === undefined) continue;
    const cpu = `gateway ${decimal(own.cpuMicros)} µs, floor ${decimal(base.cpuMicros)} µs`;
    print(
      `${scenario.name.padEnd(24)} ${cpu}, ${ratio(own.ratio)}, ${count(own.requestsPerSecond)} requests/s`,
    );
  }
  for (const { name, program } of servers) {
    const memory = `peak memory ${decimal(readMemoryMb(program).peak)} MB`;
    print(`${name.padEnd(24)} listening after ${count(program.startMs)} ms, ${memory}`);
  }
}

async function runAll(pace: Pace): Promise<void> {
  installReferences();
  const upstream = await startUpstream(programs);
  const machine = describeMachine(programs, upstream.name);
  const kinds = [floor, gateway, cachedGateway, ...references];
  const starts: number[] = [];
  for (const kind of kinds) {
    starts.push(await measureStart(async () => (await startServer(kind, programs, upstream)).program, 7));
  }
  const servers = await startAll(kinds, upstream);
  const reports: ScenarioReport[] = [];
  for (const scenario of scenarios) {
    print(`${scenario.name} …`);
    const subjects = subjectsOf(servers, scenario.isCached);
    const peaks = await measureScenario(scenario, subjects, pace);
    reports.push({ scenario, results: await addLatencies(scenario, subjects, peaks, pace) });
  }
  print('growth …');
  const ids = await measureIds(subjectsOf(servers, false).slice(0, 2), pace);
  const documents = await measureDocuments(await startServer(gateway, programs, upstream));
  const report = printReport({
    machine,
    rounds: pace.rounds,
    scenarios: reports,
    servers: servers.map(({ name, program }, index) => ({
      name,
      startMs: starts[index] ?? Number.NaN,
      peakMb: readMemoryMb(program).peak,
    })),
    ids,
    documents,
  });
  print(report);
  write('results.md', report);
}

async function startAll(
  kinds: readonly ServerKind[],
  upstream: Awaited<ReturnType<typeof startUpstream>>,
): Promise<Server[]> {
  const servers: Server[] = [];
  for (const kind of kinds) servers.push(await startServer(kind, programs, upstream));
  return servers;
}

/** Without the gateway that the scenario is not about. */
function subjectsOf(servers: readonly Server[], isCached = false): Server[] {
  const other = isCached ? gateway : cachedGateway;
  return servers.filter(({ name }) => name !== other.name);
}

function write(name: string, text: string): void {
  writeFileSync(join(import.meta.dirname, name), text);
  print(`Written to bench/${name}.`);
}
