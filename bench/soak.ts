// Measures the gateway's memory over many requests, after each part of them.
import { sendRequests } from './measure.ts';
import { readMemoryMb } from './programs.ts';
import type { Programs } from './programs.ts';
import { count, decimal, describeMachine, markdownTable } from './report.ts';
import { uniqueIds } from './scenarios.ts';
import { gateway, startServer } from './servers.ts';
import { median } from './statistics.ts';
import { startUpstream } from './upstream.ts';

const parts = 20;

/**
 * @param report called after each part
 * @returns a page of Markdown
 */
export async function soak(
  programs: Programs,
  requests: number,
  report: (line: string) => void,
): Promise<string> {
  const upstream = await startUpstream(programs);
  const server = await startServer(gateway, programs, upstream);
  const machine = describeMachine(programs, upstream.name);
  const rows: string[][] = [];
  const memory: number[] = [];
  for (let part = 1; part <= parts; part += 1) {
    const cpuMicros = await sendRequests(uniqueIds, server, Math.ceil(requests / parts));
    const { now, peak } = readMemoryMb(server.program);
    memory.push(now);
    const row = [count((requests / parts) * part), decimal(now), decimal(peak), decimal(cpuMicros)];
    rows.push(row);
    report(`${row[0]} requests: ${row[1]} MB, peak ${row[2]} MB, ${row[3]} µs of CPU per request`);
  }
  const half = memory.length / 2;
  const [first, second] = [median(memory.slice(0, half)), median(memory.slice(half))];
  return `# Soak

Resident memory of the gateway over ${count(requests)} requests, each for another id, by \`npm run bench -- --soak\`.
${machine}

The median of the second half, ${decimal(second)} MB, is ${decimal((second / first - 1) * 100)} % above that of the first, ${decimal(first)} MB.

${markdownTable(['requests', 'memory, MB', 'peak, MB', 'CPU per request, µs'], rows)}
`;
}
