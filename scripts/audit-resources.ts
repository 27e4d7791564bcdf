// Starts the gateway as the image starts it, tries to take its memory, its time and other callers' places, and prints a
// line for each attempt: `npm run audit:resources`, one alone with `-- --only <name>`. Ends with 1 when one got through.
// It needs Linux.
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { createPrograms } from '../bench/programs.ts';
import { buildGateway } from '../bench/servers.ts';
import { scenarios } from './resources/index.ts';
import type { Outcome, Scenario } from './resources/scenario.ts';
import { startTarget } from './resources/target.ts';

const { values: flags } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
const names = scenarios.map(({ name }) => name);
const unknown = flags.only?.filter((name) => !names.includes(name)) ?? [];
if (unknown.length > 0) {
  process.stderr.write(`There is no ${unknown.join(', ')}; expected ${names.join(', ')}.\n`);
  process.exit(1);
}
const chosen = scenarios.filter(({ name }) => flags.only?.includes(name) ?? true);

const startedAt = performance.now();
buildGateway();
const programs = createPrograms({ pin: false });

async function attempt({ settings, attempt: act }: Scenario): Promise<Outcome> {
  const target = await startTarget(programs, settings);
  try {
    return await act(target);
  } catch (error) {
    return { held: false, seen: (error as Error).message };
  } finally {
    await target.stop();
  }
}

async function report(scenario: Scenario): Promise<boolean> {
  const begunAt = performance.now();
  const { held, seen } = await attempt(scenario);
  const verdict = held ? 'held' : 'GOT THROUGH';
  const { name, tried, limit } = scenario;
  process.stdout.write(
    `${verdict.padEnd(11)}  ${name}: ${tried} | limit: ${limit} | seen: ${seen} (${secondsSince(begunAt)} s)\n`,
  );
  return held;
}

const secondsSince = (at: number) => ((performance.now() - at) / 1_000).toFixed(1);

const choose = (wanted: Scenario['needs']) => chosen.filter(({ needs = 'all' }) => needs === wanted);
const waiting = Promise.all(choose('time').map(report));
const results = await Promise.all(choose('a part').map(report));
for (const scenario of choose('all')) {
  // oxlint-disable-next-line no-await-in-loop -- one after the other: each has the machine to itself
  results.push(await report(scenario));
}
results.push(...(await waiting));

const failures = results.filter((held) => !held).length;
const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${(totalmem() / 1e9).toFixed(0)} GB, Linux ${release()}`;
process.stdout.write(
  `\n${results.length} attempts, ${results.length - failures} held, ${failures} got through; ` +
    `${secondsSince(startedAt)} s, Node.js ${process.version}, ${machine}, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC.\n`,
);
process.exit(failures > 0 ? 1 : 0);
