import * as v from 'valibot';
import { ConfigurationError } from '../shared/configuration-error.ts';
import { isObject } from '../shared/is-object.ts';
import { parseConfig, variables } from './index.ts';
import type { Config } from './index.ts';
import { writesByDefault } from './operations.ts';
import type { Variable } from './variable.ts';

/** A part of the configuration: what is missing at any depth has its default. Arrays are replaced as a whole. */
export type PartialConfig = PartOf<Config>;

type PartOf<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: PartOf<Value[Key]> | undefined }
    : Value;

/**
 * Completes a configuration with the defaults of the environment variables, which depend on its `environment`.
 *
 * @throws {ConfigurationError} with a line for each option whose variable would not accept the value
 */
export function completeConfig(partial: PartialConfig): Config {
  // A section that is no object is a problem of each of its options.
  const problems = new Set(
    Object.values<Variable>(variables).flatMap((variable) => checkOption(partial, variable)),
  );
  if (problems.size > 0) throw new ConfigurationError([...problems]);
  const { environment, host, upstream, metrics, tracing, trustedDocuments } = partial;
  const defaults = parseConfig({
    NODE_ENV: environment,
    HOST: host,
    // Sections that are off by default have defaults once they are on.
    BLUEJAY_AUTH: upstream?.kind === 'bluejay' ? 'forward' : undefined,
    METRICS_PORT: metrics && '0',
    OTEL_TRACES_EXPORTER: tracing && 'otlp',
    TRUSTED_DOCUMENTS: trustedDocuments?.path,
  });
  if (!defaults.ok) throw new ConfigurationError(defaults.problems);
  const completed = merge(defaults.config, partial) as Config;
  // This default depends on options that the variables above do not carry.
  const { writes = writesByDefault(completed.upstream, completed.routerSecrets) } = partial;
  return { ...completed, writes };
}

function merge(defaults: unknown, given: unknown): unknown {
  if (given === undefined) return defaults;
  if (!isObject(defaults) || !isObject(given)) return given;
  const names = [...Object.keys(defaults), ...Object.keys(given)];
  return Object.fromEntries(names.map((name) => [name, merge(defaults[name], given[name])]));
}

/** Checks the value of an option with the schema of its variable. The value may be a secret: no problem repeats it. */
function checkOption(config: unknown, { option, schema }: Variable): readonly string[] {
  if (option === undefined) return [];
  const names = option.split('.');
  let value = config;
  for (const [index, name] of names.entries()) {
    if (value === undefined) return [];
    if (!isObject(value)) return [`${names.slice(0, index).join('.')}: expected an object`];
    value = value[name];
  }
  if (value === undefined) return [];
  const { success, output, issues } = v.safeParse(schema, textOf(value));
  if (!success) return [`${option}: ${issues[0].message}`];
  // The schemas read texts: `'4000'` would pass for a number, and one origin for a list of them.
  const wanted = output instanceof URL ? 'string' : typeof output;
  if (typeof value === wanted && Array.isArray(value) === Array.isArray(output)) return [];
  return [`${option}: expected ${Array.isArray(output) ? 'an array' : `a ${wanted}`}`];
}

/** The value as its variable has it. */
function textOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.join(',');
  // The only option that is an object is the rate limit.
  if (isObject(value)) return `${String(value['points'])}/${String(value['windowSeconds'])}`;
  return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(9) : String(value);
}
