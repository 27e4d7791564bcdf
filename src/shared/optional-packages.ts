import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { optionalPackages } from '../version.ts';
import { ConfigurationError } from './configuration-error.ts';

export type OptionalFeature = 'graphiql' | 'openTelemetry' | 'redis';

/** What needs packages that are optional peers: embedders install them where they use it. */
const features: Record<OptionalFeature, { readonly scope: string; readonly load: () => Promise<unknown> }> = {
  graphiql: { scope: '@graphql-yoga/', load: () => import('@graphql-yoga/render-graphiql') },
  openTelemetry: {
    scope: '@opentelemetry/',
    async load() {
      // One after the other, so that always the same package is named.
      await import('@opentelemetry/core');
      await import('@opentelemetry/exporter-trace-otlp-proto');
      await import('@opentelemetry/resources');
      await import('@opentelemetry/sdk-trace');
    },
  },
  redis: { scope: '@redis/', load: () => import('@redis/client') },
};

/**
 * Loads the packages of a feature.
 *
 * @returns what to tell whoever wants the feature, such as `needs @redis/client, which is not installed: npm install
 *   @redis/client@6.3.1`; undefined where all packages are installed in a version that will do
 * @throws other errors of loading them
 */
export async function findMissingPackages(feature: OptionalFeature): Promise<string | undefined> {
  const { scope, load } = features[feature];
  const packages = [...optionalPackages].filter(([name]) => name.startsWith(scope));
  let missing: string | undefined;
  await load().catch((error: unknown) => {
    missing = packages.find(([name]) => isMissing(name, error))?.[0];
    if (missing === undefined) throw error;
  });
  const install = `npm install ${packages.map(([name, version]) => `${name}@${version}`).join(' ')}`;
  if (missing !== undefined) return `needs ${missing}, which is not installed: ${install}`;
  for (const [name, version] of packages) {
    const installed = findVersion(name);
    if (installed !== undefined && !isCompatible(installed, version)) {
      return `needs another version of ${name} than ${installed}: ${install}`;
    }
  }
  return undefined;
}

/**
 * Checks that the packages of a feature are installed.
 *
 * @param setting what switches the feature on, such as `CACHE_URL`
 * @throws {ConfigurationError} that names the packages to install
 */
export async function requirePackages(feature: OptionalFeature, setting: string): Promise<void> {
  const missing = await findMissingPackages(feature);
  if (missing !== undefined) throw new ConfigurationError([`${setting} ${missing}`]);
}

/** Whether it is the package itself that Node.js did not find, and not one of its own dependencies. */
function isMissing(name: string, error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.startsWith(`Cannot find package '${name}'`)
  );
}

/** Returns the version of an installed package; undefined in a bundle, which has the code without the package. */
function findVersion(name: string): string | undefined {
  try {
    const file = findPackageJSON(name, import.meta.url);
    return file && (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** Whether a version is the tested one or a later one without breaking changes, as `^` means it. */
function isCompatible(installed: string, tested: string): boolean {
  const [a, b] = [installed, tested].map((version) => version.split('.').map((part) => parseInt(part, 10)));
  const [major = 0, minor = 0, patch = 0] = a ?? [];
  const [testedMajor = 0, testedMinor = 0, testedPatch = 0] = b ?? [];
  if (major !== testedMajor || (major === 0 && minor !== testedMinor)) return false;
  return minor > testedMinor || (minor === testedMinor && patch >= testedPatch);
}
