import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** A folder that has the package installed, and no other but those that it brings. */
export interface Consumer {
  readonly folder: string;
  /** Runs a program in the folder and returns its standard output. */
  run(command: string, ...args: string[]): string;
  /** Runs a module in the folder and returns its standard output. */
  execute(source: string): string;
}

/**
 * Packs the package and installs it as an embedder does.
 *
 * @throws an Error where npm has anything to say
 */
export function installPackage(): Consumer & { readonly tarball: string } {
  const folder = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    encoding: 'utf8',
  });
  const tarball = join(folder, basename(packed.trim().split('\n').at(-1) ?? ''));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
  const options = ['--no-audit', '--no-fund', '--loglevel=warn', '--omit=dev'];
  const installation = spawnSync('npm', ['install', ...options, tarball], { cwd: folder, encoding: 'utf8' });
  if (installation.status !== 0 || installation.stderr !== '') {
    throw new Error(`npm install says: ${installation.stderr}`);
  }
  return {
    folder,
    tarball,
    run,
    execute(source) {
      writeFileSync(join(folder, 'script.js'), source);
      return run('node', 'script.js');
    },
  };
}

export interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

/** Reads the manifest of an installed package. */
export function readManifest(folder: string): Manifest {
  const file = resolve(folder, 'node_modules/bluejay-graphql/package.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}

/** Describes what an installation takes, such as `106 packages with 50 MB on disk`. */
export function measureInstallation(folder: string): string {
  const { packages } = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: object;
  };
  const [megabytes] = execFileSync('du', ['-sm', join(folder, 'node_modules')], { encoding: 'utf8' }).split(
    '\t',
  );
  return `${Object.keys(packages).length} packages with ${megabytes} MB on disk`;
}
