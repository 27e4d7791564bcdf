import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes: readonly { readonly alg: string }[];
    readonly licenses: readonly object[];
  }[];
}

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function createBom(options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Bom {
  const file = join(createFolder(), 'sbom.json');
  execFileSync('node', ['scripts/sbom.mjs', file], { ...options, stdio: ['ignore', 'ignore', 'inherit'] });
  return JSON.parse(readFileSync(file, 'utf8')) as Bom;
}

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string };

test('the bill of materials lists every package whose code is in the bundle, and no tool', () => {
  const folder = createFolder();
  // The bundle reads it beside its folder.
  writeFileSync(join(folder, 'package.json'), readFileSync('package.json'));
  const options = ['scripts/bundle.mjs', join(folder, 'build')];
  const paths = execFileSync('node', options, { encoding: 'utf8' }).trim().split('\n');
  const bundled = paths.map((path) => manifestOf(path));
  expect(bundled.length).toBeGreaterThan(50);

  const { bomFormat, metadata, components } = createBom();
  expect({ bomFormat, component: metadata.component }).toMatchObject({
    bomFormat: 'CycloneDX',
    component: { name: 'bluejay-graphql', version: manifestOf('.').version },
  });
  const listed = new Set(components.map(({ name, version }) => `${name}@${version}`));
  expect(bundled.filter(({ name, version }) => !listed.has(`${name}@${version}`))).toEqual([]);
  expect(components.filter(({ name }) => ['vitest', 'typescript', 'node', 'oxlint'].includes(name))).toEqual(
    [],
  );
  expect(
    components.filter(({ purl, hashes, licenses }) => !purl || !hashes.length || !licenses.length),
  ).toEqual([]);
});

test('it needs no installed packages and no registry', () => {
  const folder = createFolder();
  mkdirSync(join(folder, 'scripts'));
  for (const file of [
    'package.json',
    'package-lock.json',
    '.npmrc',
    'scripts/sbom.mjs',
    'scripts/runtime-lock.mjs',
  ]) {
    cpSync(file, join(folder, file));
  }
  const env = {
    ...process.env,
    npm_config_registry: 'http://127.0.0.1:1',
    npm_config_cache: join(folder, 'cache'),
  };
  expect(createBom({ cwd: folder, env }).components).toEqual(createBom().components);
});
