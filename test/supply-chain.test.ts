import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly allowScripts?: Record<string, boolean>;
}

interface Lockfile {
  readonly packages: Record<
    string,
    {
      readonly resolved?: string;
      readonly integrity?: string;
      readonly hasInstallScript?: boolean;
      readonly link?: boolean;
    }
  >;
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const manifests = globSync('**/package.json', {
  exclude: (path) => /(^|\/)(node_modules|dist|coverage)$/.test(path),
});
const folders = manifests.map((path) => dirname(path));
const locked = folders.filter((folder) => existsSync(join(folder, 'package-lock.json')));

test.each(folders)('in %s every version is exact', (folder) => {
  const { dependencies, devDependencies } = read(join(folder, 'package.json')) as Manifest;
  const versions = Object.entries({ ...dependencies, ...devDependencies });
  expect(versions.filter(([, version]) => !/^(\d+\.\d+\.\d+(-[\w.]+)?|file:.*)$/.test(version))).toEqual([]);
});

test.each(locked)(
  'in %s every package that wants to run something when installed was looked at',
  (folder) => {
    const { packages } = read(join(folder, 'package-lock.json')) as Lockfile;
    const { allowScripts = {} } = read(join(folder, 'package.json')) as Manifest;
    const wanting = Object.entries(packages).flatMap(([path, { hasInstallScript }]) =>
      path !== '' && hasInstallScript === true ? [path.split('node_modules/').at(-1)] : [],
    );
    expect(wanting.filter((name) => name === undefined || !(name in allowScripts))).toEqual([]);
  },
);

test('only Node.js itself may run something when installed', () => {
  const allowed = locked.flatMap((folder) =>
    Object.entries((read(join(folder, 'package.json')) as Manifest).allowScripts ?? {}).filter(
      ([, may]) => may,
    ),
  );
  expect(allowed).toEqual([['node', true]]);
});

test.each(locked)('in %s every package has a hash, and none an address of its own', (folder) => {
  const { packages } = read(join(folder, 'package-lock.json')) as Lockfile;
  const wrong = Object.entries(packages).filter(
    ([path, { integrity, resolved, link }]) =>
      path.includes('node_modules/') && link !== true && (integrity === undefined || resolved !== undefined),
  );
  expect(wrong.map(([path]) => path)).toEqual([]);
});
