// Writes package.json and package-lock.json with only the packages that the image runs on: `node scripts/runtime-lock.mjs
// <folder>`. The optional packages are dependencies there, because the bundle holds their code. Needs no registry and no
// installed packages.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';

/** @param folder may be the working directory, whose files are then replaced */
export function writeRuntimeLock(folder) {
  const { devDependencies, ...manifest } = JSON.parse(readFileSync('package.json', 'utf8'));
  const optional = Object.keys(manifest.peerDependenciesMeta).map((name) => [name, devDependencies[name]]);
  const dependencies = { ...manifest.dependencies, ...Object.fromEntries(optional) };
  if (resolve(folder) !== resolve('.')) {
    for (const name of ['package-lock.json', '.npmrc']) cpSync(name, join(folder, name));
  }
  const text = JSON.stringify({ ...manifest, dependencies, devDependencies: {} }, null, 2);
  writeFileSync(join(folder, 'package.json'), `${text}\n`);
  // Removes from the lockfile what the manifest no longer asks for.
  const options = ['--package-lock-only', '--ignore-scripts', '--offline', '--silent'];
  execFileSync('npm', ['install', ...options], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

const [, program = '', folder] = process.argv;
if (resolve(program) === import.meta.filename && folder !== undefined) writeRuntimeLock(folder);
