// What the young generation's size costs: `npm run bench:heap` prints the CPU of a request and the memory of the gateway
// for several, beside the old generation that Node.js gives itself in a container of 512 MiB. There its default is 2 MB.
import { measureScenario } from './measure.ts';
import { createPrograms, readMemoryMb } from './programs.ts';
import { count, decimal, markdownTable, ratio } from './report.ts';
import { scenarios } from './scenarios.ts';
import { gateway, heapWith, startServer } from './servers.ts';
import { startUpstream } from './upstream.ts';

const sizesMb = [16, 2, 4, 8, 32];

const programs = createPrograms({ pin: true });
const upstream = await startUpstream(programs);
const servers = await Promise.all(
  sizesMb.map((size) => startServer({ ...gateway, name: `${size} MB` }, programs, upstream, heapWith(size))),
);
const pace = { rounds: 5, roundMs: 1_000, warmUpMs: 3_000 };
for (const scenario of scenarios.filter(({ isCached }) => !isCached)) {
  const results = await measureScenario(scenario, servers, pace);
  const rows = results.map((result) => [
    result.server,
    decimal(result.cpuMicros),
    ratio(result.ratio),
    count(result.requestsPerSecond),
    decimal(result.memoryMb),
  ]);
  const head = ['young generation', 'CPU, µs', '× 16 MB', 'requests/s', 'memory, MB'];
  process.stdout.write(`### ${scenario.name}\n\n${markdownTable(head, rows)}\n\n`);
}
const peaks = servers.map(({ name, program }) => `${name}: ${decimal(readMemoryMb(program).peak)} MB`);
process.stdout.write(`The highest that was resident: ${peaks.join(', ')}.\n`);
process.exit();
