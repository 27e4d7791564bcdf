// Compares two workers with one. `npm run bench:workers` sends requests for unique ids to both in turns, as fast as
// they are answered, and prints the rates, the load of the cores, and the ratio that the cores allow at most.
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLoad } from './load.ts';
import { prepare } from './measure.ts';
import { createPrograms, readTreeCpuMicros } from './programs.ts';
import { uniqueIds } from './scenarios.ts';
import { gatewayOf, startServer } from './servers.ts';
import type { Server } from './servers.ts';
import { median } from './statistics.ts';
import { startUpstream } from './upstream.ts';

const goal = 1.6;
const rounds = 7;
const roundMs = 2_000;
const cores = availableParallelism();

interface Sample {
  readonly requestsPerSecond: number;
  /** How many cores each kept busy. */
  readonly gateway: number;
  readonly upstream: number;
  readonly load: number;
  /** All processes of the machine, the share of its cores. */
  readonly machine: number;
}

const programs = createPrograms({ pin: false });
const upstream = await startUpstream(programs);
const one = await startServer(gatewayOf(1), programs, upstream);
const two = await startServer(gatewayOf(2), programs, upstream);
// The second worker starts when the first one listens.
await sleep(2_000);

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function readCpu() {
  const { user, system } = process.cpuUsage();
  const times = cpus().map((core) => core.times);
  return {
    upstream: readTreeCpuMicros(upstream),
    load: user + system,
    idle: sum(times.map(({ idle }) => idle)),
    all: sum(times.flatMap((each) => Object.values(each))),
  };
}

async function run(server: Server, durationMs: number): Promise<Sample> {
  const load = await createLoad((await prepare(uniqueIds, server)).options);
  const before = { ...readCpu(), gateway: readTreeCpuMicros(server.program) };
  const startedAt = performance.now();
  const requests = await load.closedLoop(() => performance.now() - startedAt < durationMs);
  const micros = (performance.now() - startedAt) * 1e3;
  const after = { ...readCpu(), gateway: readTreeCpuMicros(server.program) };
  load.close();
  return {
    requestsPerSecond: (requests / micros) * 1e6,
    gateway: (after.gateway - before.gateway) / micros,
    upstream: (after.upstream - before.upstream) / micros,
    load: (after.load - before.load) / micros,
    machine: 1 - (after.idle - before.idle) / (after.all - before.all),
  };
}

const samples: { readonly one: Sample; readonly two: Sample }[] = [];
await run(one, 2_000);
await run(two, 4_000);
for (let round = 0; round < rounds; round += 1) {
  // Reverses the order every other round.
  const first = await run(round % 2 === 0 ? one : two, roundMs);
  const second = await run(round % 2 === 0 ? two : one, roundMs);
  samples.push(round % 2 === 0 ? { one: first, two: second } : { one: second, two: first });
}

const of = (workers: 'one' | 'two', value: (sample: Sample) => number) =>
  median(samples.map((sample) => value(sample[workers])));
const ratios = samples.map((sample) => sample.two.requestsPerSecond / sample.one.requestsPerSecond);
const ratio = median(ratios);
/** Were all cores busy with these requests and nothing else. */
const ceiling =
  of(
    'two',
    (sample) => (cores * sample.requestsPerSecond) / (sample.gateway + sample.upstream + sample.load),
  ) / of('one', ({ requestsPerSecond }) => requestsPerSecond);

const describe = (workers: 'one' | 'two') =>
  [
    `${of(workers, ({ requestsPerSecond }) => requestsPerSecond).toFixed(0)} requests/s`,
    `${of(workers, (sample) => (sample.gateway / sample.requestsPerSecond) * 1e6).toFixed(1)} µs CPU each`,
    `busy cores: gateway ${of(workers, (sample) => sample.gateway).toFixed(2)}`,
    `upstream ${of(workers, (sample) => sample.upstream).toFixed(2)}`,
    `load ${of(workers, (sample) => sample.load).toFixed(2)}`,
    `the machine ${(of(workers, ({ machine }) => machine) * 100).toFixed(0)} %`,
  ].join(', ');

process.stdout.write(
  `${[
    `WORKERS=1: ${describe('one')}`,
    `WORKERS=2: ${describe('two')}`,
    `ratio: ${ratio.toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}, ${rounds} rounds); goal ${goal}`,
    `cores: ${cores}, which gateway, upstream and load share: they allow a ratio of ${ceiling.toFixed(2)} at most`,
    `Node.js ${process.version}, ${upstream.name}`,
  ].join('\n')}\n`,
);
// The machine's own limit is not held against the gateway.
process.exit(ratio >= Math.min(goal, ceiling * 0.9) ? 0 : 1);
