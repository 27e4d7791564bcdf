// Fails for an installed package with a licence that is not on the list: `npm run check:licences`.
// Reads the lockfile, which has the licence of every package.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** May go into what others run: no conditions beyond keeping the notices. */
const permissive: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
]);

/** Fine for tools that are not passed on. */
const tools = new Set(['CC-BY-4.0', 'Elastic-2.0', 'MPL-2.0', 'Python-2.0']);

/** Packages that the gateway runs on under another licence, each with why that is fine. */
const exceptions: Readonly<Record<string, string>> = {
  // The licence of @apollo/subgraph's dependency. It forbids offering the software as a managed service.
  '@apollo/federation-internals': 'Elastic-2.0',
};

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
}

/** Whether every part of an SPDX expression, or of one of its alternatives, will do. */
function isFine(expression: string, isTool: boolean): boolean {
  const alternatives = expression.replaceAll(/[()]/g, '').split(' OR ');
  return alternatives.some((choice) =>
    choice.split(' AND ').every((id) => permissive.has(id) || (isTool && tools.has(id))),
  );
}

function readLock(path: string): Readonly<Record<string, LockedPackage>> {
  const { packages: locked } = JSON.parse(readFileSync(join(path, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, LockedPackage>>;
  };
  return locked;
}

function problemOf(path: string, { version, license }: LockedPackage, isTool: boolean): string | undefined {
  const name = path.split('node_modules/').at(-1) ?? path;
  if (license !== undefined && (isFine(license, isTool) || exceptions[name] === license)) return undefined;
  return `${name} ${version}: ${license ?? 'no licence'}${isTool ? '' : ', which the gateway runs on'}`;
}

const packages = readLock('.');
const folder = mkdtempSync(join(tmpdir(), 'licences-'));
execFileSync('node', ['scripts/runtime-lock.mjs', folder]);
const runtime = new Set(Object.keys(readLock(folder)));
rmSync(folder, { recursive: true });

const installed = Object.entries(packages);
const problems = installed.flatMap(([path, locked]) => problemOf(path, locked, !runtime.has(path)) ?? []);
if (problems.length > 0) {
  process.stderr.write(
    `Nobody has looked at these licences. Add them to scripts/check-licences.ts with the reason why they are fine, or use another package:\n${problems.map((line) => `  ${line}\n`).join('')}`,
  );
  process.exitCode = 1;
} else {
  process.stdout.write(`The licences of ${installed.length} packages are known and fine.\n`);
}
