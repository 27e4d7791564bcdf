import { parseConfig } from '../../src/config/index.ts';
import type { Config } from '../../src/config/index.ts';

export function problemsOf(environment: Record<string, string>): readonly string[] {
  const result = parseConfig(environment);
  return result.ok ? [] : result.problems;
}

export function configOf(environment: Record<string, string>): Config {
  const result = parseConfig(environment);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
}

/** A configuration for tests: the defaults on any free port, and the test's overrides. */
export function testConfig(overrides: Partial<Config>): Config {
  return { ...configOf({ NODE_ENV: 'test', PORT: '0' }), ...overrides };
}
