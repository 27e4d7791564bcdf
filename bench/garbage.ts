// What a request leaves for the garbage collector: `npm run bench:garbage` prints the promises and the bytes that each
// server allocates for one. Unlike times, these do not depend on what else the machine does.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendRequests } from './measure.ts';
import { createPrograms } from './programs.ts';
import type { Program } from './programs.ts';
import { decimal, markdownTable } from './report.ts';
import { scenarios } from './scenarios.ts';
import { cachedGateway, floor, gateway, heap, installReferences, mercurius, startServer } from './servers.ts';
import { startUpstream } from './upstream.ts';

interface Counts {
  readonly writes: number;
  readonly promises: number;
  readonly bytes: number;
}

/** How many warm a server up, and how many are counted: what V8 has compiled allocates less. */
const reads = 20_000;
/** For how many the promises are counted. */
const hookedRequests = 100;
const flags = [...heap, '--import', join(import.meta.dirname, 'garbage-counter.ts')];

installReferences();
const programs = createPrograms({ pin: true });
const upstream = await startUpstream(programs);
const folder = await mkdtemp(join(tmpdir(), 'garbage-'));

async function readCounts({ process: child }: Program, file: string, writes: number): Promise<Counts> {
  child.kill('SIGUSR2');
  for (;;) {
    const counts = await readFile(file, 'utf8').then(parseCounts, () => undefined);
    if (counts?.writes === writes) return counts;
    await sleep(5);
  }
}

/** @returns undefined for a file that is being written */
function parseCounts(text: string): Counts | undefined {
  return text.endsWith('}') ? (JSON.parse(text) as Counts) : undefined;
}

for (const scenario of scenarios) {
  const rows: string[][] = [];
  const own = scenario.isCached ? cachedGateway : gateway;
  const requests = Math.max(500, reads / Math.max(1, scenario.nextIds().length));
  for (const kind of [floor, own, mercurius]) {
    const file = join(folder, `${kind.name}, ${scenario.name}`);
    const counted = { ...kind, env: (url: string) => ({ ...kind.env(url), COUNTS_FILE: file }) };
    const server = await startServer(counted, programs, upstream, flags);
    await sendRequests(scenario, server, requests);
    const before = await readCounts(server.program, file, 1);
    await sendRequests(scenario, server, requests);
    const after = await readCounts(server.program, file, 2);
    await sendRequests(scenario, server, hookedRequests);
    const { promises } = await readCounts(server.program, file, 3);
    await server.program.stop();
    const bytes = (after.bytes - before.bytes) / requests;
    rows.push([kind.name, decimal(promises / hookedRequests), decimal(bytes / 1e3)]);
  }
  const head = ['server', 'promises', 'garbage, kB'];
  process.stdout.write(`### ${scenario.name}\n\n${markdownTable(head, rows)}\n\n`);
}
await rm(folder, { recursive: true });
process.exit();
