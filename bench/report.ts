// Writes the results as Markdown.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { DocumentsCost, IdsCost } from './growth.ts';
import type { Latency, Result } from './measure.ts';
import type { Programs } from './programs.ts';
import type { Scenario } from './scenarios.ts';
import { heap } from './servers.ts';

export interface ScenarioReport {
  readonly scenario: Scenario;
  /** The gateway with or without its cache, whichever the scenario is about, is second: behind the floor. */
  readonly results: readonly (Result & Latency)[];
}

export interface Report {
  readonly machine: string;
  readonly rounds: number;
  readonly scenarios: readonly ScenarioReport[];
  readonly servers: readonly { readonly name: string; readonly startMs: number; readonly peakMb: number }[];
  readonly ids: readonly IdsCost[];
  readonly documents: DocumentsCost;
}

export const count = (value: number): string => Math.round(value).toLocaleString('en');
export const decimal = (value: number): string => (value < 100 ? value.toFixed(1) : count(value));
const times = (value: number): string => `× ${value.toFixed(2)}`;

export const ratio = ({ median, min, max }: Result['ratio']): string =>
  `${times(median)} (${min.toFixed(2)}–${max.toFixed(2)})`;

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Where, when and with what a benchmark runs: figures mean nothing without it. */
export function describeMachine(programs: Programs, upstream: string): string {
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
  const file = join(import.meta.dirname, 'references/package.json');
  const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> };
  const versions = ['graphql-yoga', '@pothos/core', 'mercurius', 'fastify', 'undici', 'graphql'];
  const pinning = programs.isPinned
    ? 'the server alone on one core, the upstream and the load on another'
    : 'cores not pinned';
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, commit ${commit || 'unknown'}, Node.js ${process.version}, upstream ${upstream};
${cpus().length} cores (${cpus()[0]?.model.trim()}), ${count(totalmem() / 1e9)} GB, Linux ${release()}; ${pinning};
load average at the start ${loadavg()[0]?.toFixed(1)}. References: ${versions.map((name) => `${name} ${dependencies[name]}`).join(', ')}.`;
}

export function printReport(report: Report): string {
  const { machine, rounds, scenarios, servers, ids, documents } = report;
  return `# Benchmark

${machine}

Printed by \`npm run bench\`. CPU is that of the server's whole process per request, as Linux counts it; the floor is
\`node:http\` with \`undici\` and JSON and no GraphQL (\`bench/floor.ts\`). Medians of ${rounds} rounds in which the servers
take turns; a ratio is between two servers in the same round, with its least and its greatest.
Busy is how much of the time the server ran; waiting is how much of it its main thread wanted to run while another program
had the core: where that is more than a few percent the machine was not quiet, and rates and latencies say little.
Latencies are at half of the server's peak rate, medians of the rounds. All servers have
${heap.map((flag) => `\`${flag}\``).join(' and ')}: the old generation that Node.js gives itself in a container
of 512 MiB, and the young one of the image.

## Goals

${printGoals(report)}

## Scenarios

${scenarios.map(printScenario).join('\n\n')}

## Servers

Start is from the start of the process until it takes connections, on one core. Memory is the highest that was resident
while all of the above ran.

${markdownTable(
  ['server', 'start, ms', 'peak memory, MB'],
  servers.map(({ name, startMs, peakMb }) => [name, count(startMs), decimal(peakMb)]),
)}

## Growth

${markdownTable(
  ['ids in a request', ...(ids[0]?.results.map(({ server }) => `${server}, µs per id`) ?? []), '× floor'],
  ids.map((cost) => [
    String(cost.ids),
    ...cost.results.map(({ cpuMicros }) => decimal(cpuMicros / cost.ids)),
    ratioOf(cost.results[1]),
  ]),
)}

${count(documents.documents)} distinct documents, ${decimal(documents.newCpuMicros)} µs of CPU each: a document that was seen before costs
${decimal(documents.before.cpuMicros)} µs before them and ${decimal(documents.after.cpuMicros)} µs after them, and memory goes from ${decimal(documents.before.memoryMb)} MB to ${decimal(documents.after.memoryMb)} MB.
`;
}

const ratioOf = (result: Result | undefined) => (result === undefined ? '' : ratio(result.ratio));

function printScenario({ scenario, results }: ScenarioReport): string {
  const rows = results.map((result) => [
    result.server,
    decimal(result.cpuMicros),
    ratio(result.ratio),
    count(result.requestsPerSecond),
    `${count(result.busy * 100)} %`,
    `${count(result.waiting * 100)} %`,
    decimal(result.memoryMb),
    result.p50Ms.toFixed(2),
    result.p99Ms.toFixed(2),
  ]);
  const head = [
    'server',
    'CPU, µs',
    '× floor',
    'requests/s',
    'busy',
    'waiting',
    'memory, MB',
    'p50, ms',
    'p99, ms',
  ];
  return `### ${scenario.name[0]?.toUpperCase()}${scenario.name.slice(1)}\n\n${markdownTable(head, rows)}`;
}

function printGoals({ scenarios, servers, ids, documents }: Report): string {
  const goals: { name: string; goal: number; value: number; print: (value: number) => string }[] = [];
  for (const { scenario, results } of scenarios) {
    const value = results[1]?.ratio.median ?? Number.NaN;
    if (scenario.goal === undefined) continue;
    goals.push({ name: `${scenario.name}, CPU to the floor's`, goal: scenario.goal, value, print: times });
  }
  const [floor, unique] = (scenarios[0]?.results ?? []).map(({ p50Ms, p99Ms }) => p99Ms / p50Ms);
  goals.push({
    name: "unique ids, p99 to p50 at half of the peak: 3, or the floor's",
    goal: Math.max(3, floor ?? Number.NaN),
    value: unique ?? Number.NaN,
    print: times,
  });
  const gateways = servers.filter(({ name }) => name.startsWith('gateway'));
  const start = gateways[0]?.startMs ?? Number.NaN;
  goals.push({ name: 'start to listening', goal: 400, value: start, print: (value) => `${count(value)} ms` });
  const memory = Math.max(...gateways.map(({ peakMb }) => peakMb));
  goals.push({
    name: 'memory under load',
    goal: 180,
    value: memory,
    print: (value) => `${decimal(value)} MB`,
  });
  const perId = (wanted: number) => {
    const cost = ids.find((row) => row.ids === wanted);
    return (cost?.results[1]?.cpuMicros ?? Number.NaN) / wanted;
  };
  goals.push({
    name: 'an id of 100, CPU to an id of 10',
    goal: 1.1,
    value: perId(100) / perId(10),
    print: times,
  });
  const slower = documents.after.cpuMicros / documents.before.cpuMicros;
  goals.push({
    name: `a known document after ${count(documents.documents)} others, CPU to before`,
    goal: 1.1,
    value: slower,
    print: times,
  });
  return markdownTable(
    ['goal', 'at most', 'measured', 'met'],
    goals.map(({ name, goal, value, print }) => [
      name,
      print(goal),
      print(value),
      value <= goal ? 'yes' : 'no',
    ]),
  );
}
