// Starts the gateway in production settings, attacks it over real sockets, and prints the outcomes:
// `npm run audit:security`. Exits with 1 when an attack succeeds.
import { attacks } from '../test/security/attacks/index.ts';
import { createTargets } from '../test/security/targets.ts';
import { bundlePrograms } from '../test/support/programs.ts';

bundlePrograms();
const targets = createTargets();
const rows: string[][] = [];
try {
  for (const { name, expected, settings, attempt } of attacks) {
    // oxlint-disable no-await-in-loop -- one after the other: each has the machine to itself
    const target = await targets.get(settings);
    const startedAt = performance.now();
    const { held, seen } = await attempt(target);
    // oxlint-enable no-await-in-loop
    const ms = (performance.now() - startedAt).toFixed(1);
    rows.push([name, expected, seen, ms, held ? 'yes' : 'NO']);
  }
} finally {
  await targets.close();
}

const table = [['attack', 'expected', 'seen', 'ms', 'held'], ...rows];
const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
for (const row of table) {
  process.stdout.write(
    `${row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()}\n`,
  );
}
const failures = rows.filter((row) => row.at(-1) === 'NO');
process.stdout.write(
  `\n${rows.length} attacks, ${rows.length - failures.length} held, ${failures.length} got through.\n`,
);
if (failures.length > 0) process.exitCode = 1;
