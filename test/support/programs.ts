import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve('node_modules/.cache/programs');
const build = join(folder, 'build');
const keyFile = join(folder, 'key');

/** The programs that tests start: bundled as for the image, because from the source each start takes twice the time. */
export const programs = {
  gateway: join(build, 'main.js'),
  doctor: join(build, 'doctor.js'),
  sandbox: join(build, 'sandbox.js'),
};

/** Bundles the programs, unless they are already there from the same source. */
export function bundlePrograms(): void {
  const key = hashFiles('src/**/*.ts', 'scripts/bundle.mjs', 'package.json', 'package-lock.json');
  if (key === readKey()) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The programs read their version from it.
  copyFileSync('package.json', join(folder, 'package.json'));
  execFileSync(process.execPath, ['scripts/bundle.mjs', build]);
  // Last, so that a bundle that was interrupted is made again.
  writeFileSync(keyFile, key);
}

function hashFiles(...patterns: string[]): string {
  const hash = createHash('sha256');
  for (const file of globSync(patterns).toSorted()) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}

function readKey(): string | undefined {
  try {
    return readFileSync(keyFile, 'utf8');
  } catch {
    return undefined;
  }
}
