import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
  engines: { node: string };
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
};

/** The version in package.json; sent upstream in the user agent. */
export const version: string = manifest.version;

/** The oldest Node.js that `engines` in package.json allows, such as `>=24.1`, part by part. */
export const requiredNode: readonly number[] = manifest.engines.node.replace('>=', '').split('.').map(Number);

/**
 * The packages that only some features need, each with the version that is tested. They are peers of any version, because
 * npm would refuse to install this package beside another version that the embedding program uses for itself.
 */
export const optionalPackages: ReadonlyMap<string, string> = new Map(
  Object.keys(manifest.peerDependenciesMeta).map((name) => [
    name,
    // The image has them among its dependencies.
    manifest.devDependencies[name] ?? manifest.dependencies[name] ?? '',
  ]),
);
