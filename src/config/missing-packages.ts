import { findMissingPackages } from '../shared/optional-packages.ts';
import type { OptionalFeature } from '../shared/optional-packages.ts';
import type { Config } from './index.ts';

/**
 * Finds the settings that need an optional package which is not installed.
 *
 * @returns a problem for each, such as `CACHE_URL needs @redis/client, which is not installed: npm install
 *   @redis/client@6.3.1`
 */
export async function listMissingPackages({
  cache,
  tracing,
}: Pick<Config, 'cache' | 'tracing'>): Promise<readonly string[]> {
  const settings: readonly (readonly [variable: string, value: unknown, feature: OptionalFeature])[] = [
    ['CACHE_URL', cache.url, 'redis'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', tracing, 'openTelemetry'],
  ];
  const problems = await Promise.all(
    settings.map(async ([variable, value, feature]) => {
      const missing = value === undefined ? undefined : await findMissingPackages(feature);
      return missing === undefined ? [] : [`${variable} ${missing}`];
    }),
  );
  return problems.flat();
}
