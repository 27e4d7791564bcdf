// Injects random faults under load: `npm run chaos -- --seconds 60 --seed 1`. Exits with 1 when a guarantee is broken.
import { parseArgs } from 'node:util';
import { runChaos } from '../test/chaos/chaos.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
const report = await runChaos({
  seconds: Number(values.seconds),
  seed: Number(values.seed),
  callers: 32,
  measures: true,
});
const { before, after } = report.heapBytes;
const heapGrowth = after / before - 1;

const list = (counts: Record<string, number>) =>
  Object.entries(counts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

process.stdout.write(`
requests          ${report.requests} (${report.left} left early)
faults injected   ${list(report.faults)}
answers by code   ${list(report.answers)}
writes            ${list(report.writes)}
p50 / p99         ${report.p50Ms.toFixed(0)} ms / ${report.p99Ms.toFixed(0)} ms
retries           ${report.retries}
breaker openings  ${report.breakerOpenings}
peak in flight    ${report.peakInFlight}
heap              ${(before / 1e6).toFixed(1)} MB before, ${(after / 1e6).toFixed(1)} MB after (${(heapGrowth * 100).toFixed(1)} %)
violations        ${report.violations.length}
`);
for (const violation of report.violations.slice(0, 20)) process.stdout.write(`  ${violation}\n`);
if (report.violations.length > 0 || heapGrowth > 0.1) process.exitCode = 1;
