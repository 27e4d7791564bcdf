// Changes the code of the rooms, one place at a time, and prints each change that no test notices: `npm run mutate`.
// `-- cache` runs one room, `-- cache --files src/datasources/upstream/cache/entry.ts` some of its files.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rooms } from './mutation/rooms.ts';
import type { Room } from './mutation/rooms.ts';

interface Position {
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** A changed place of the code, in Stryker's report. */
interface Mutant {
  readonly mutatorName: string;
  readonly replacement: string;
  readonly status: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

/** A mutant, and the code that it replaces. */
interface Change extends Mutant {
  readonly file: string;
  readonly code: string;
}

/** Runs the tests for each mutant in the files that no test has noticed before, by the results in the folder. */
async function mutate(
  folder: string,
  files: readonly string[],
  { tests, timeoutMs }: { readonly tests: readonly string[]; readonly timeoutMs: number },
): Promise<readonly Change[]> {
  const report = join(folder, 'report.json');
  const stryker = 'scripts/mutation/node_modules/@stryker-mutator/core/bin/stryker.js';
  const env = {
    ...process.env,
    MUTATION_FILES: files.join(' '),
    MUTATION_TESTS: tests.join(' '),
    MUTATION_TEST_TIMEOUT_MS: String(timeoutMs),
    MUTATION_REPORT: report,
  };
  const child = spawn(process.execPath, [stryker, 'run', 'scripts/mutation/stryker.config.mjs'], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error('Stryker failed');
  return changesIn(JSON.parse(await readFile(report, 'utf8')) as Report);
}

/** Returns the changes that no test notices. The slow tests run for those that the quick ones do not notice. */
async function mutateRoom(files: readonly string[], { quick, slow }: Room): Promise<readonly Change[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mutation-'));
  try {
    // A change that lets a promise hang costs a whole timeout.
    const changes = await mutate(folder, files, { tests: quick, timeoutMs: 2_000 });
    if (!changes.some(hasSurvived)) return changes;
    return await mutate(folder, files, { tests: [...quick, ...slow], timeoutMs: 10_000 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function changesIn({ files }: Report): Change[] {
  return Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ ...mutant, file, code: codeAt(source.split('\n'), mutant.location) })),
  );
}

function codeAt(lines: readonly string[], { start, end }: Mutant['location']): string {
  const covered = lines.slice(start.line - 1, end.line);
  const last = covered.length - 1;
  covered[last] = covered[last]?.slice(0, end.column - 1) ?? '';
  covered[0] = covered[0]?.slice(start.column - 1) ?? '';
  return covered.join('\n');
}

const hasSurvived = ({ status }: Mutant) => status === 'Survived' || status === 'NoCoverage';

const shorten = (code: string) => code.replaceAll(/\s+/g, ' ').slice(0, 80);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { files: { type: 'string', multiple: true } },
});

for (const name of positionals.length > 0 ? positionals : Object.keys(rooms)) {
  const room = rooms[name];
  if (room === undefined) throw new Error(`There is no ${name}; expected ${Object.keys(rooms).join(', ')}.`);
  // oxlint-disable-next-line no-await-in-loop -- each has the processor to itself
  const changes = await mutateRoom(values.files ?? room.mutate, room);
  const survivors = changes.filter(hasSurvived);
  process.stdout.write(`${name}: ${changes.length} mutants, ${survivors.length} survived\n`);
  for (const { file, location, mutatorName, code, replacement } of survivors) {
    process.stdout.write(
      `${file}:${location.start.line}  ${mutatorName}: ${shorten(code)}  →  ${shorten(replacement)}\n`,
    );
  }
}
