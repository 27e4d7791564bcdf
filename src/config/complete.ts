import { parseConfig } from './index.ts';
import type { Config } from './index.ts';
import { defaultBaseUrl } from './upstream.ts';

/** A part of the configuration: what is missing at any depth has its default. Arrays are replaced as a whole. */
export type PartialConfig = PartOf<Config>;

type PartOf<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: PartOf<Value[Key]> | undefined }
    : Value;

/**
 * Completes a configuration by the defaults of the environment variables, which depend on its `environment`. Values
 * are taken as they are: what comes from outside goes through `parseConfig` first.
 */
export function completeConfig(partial: PartialConfig): Config {
  const { environment = 'development', upstream } = partial;
  const defaults = parseConfig({ NODE_ENV: environment });
  // No variable is wrong that is not set.
  if (!defaults.ok) throw new Error('The defaults are wrong');
  const completed = merge(defaults.config, partial) as Config;
  return upstream?.kind === 'bluejay'
    ? {
        ...completed,
        upstream: merge(
          { baseUrl: defaultBaseUrl, auth: { mode: 'forward' } },
          completed.upstream,
        ) as Config['upstream'],
      }
    : completed;
}

function merge(defaults: unknown, given: unknown): unknown {
  if (given === undefined) return defaults;
  if (!isPlainObject(defaults) || !isPlainObject(given)) return given;
  const names = [...Object.keys(defaults), ...Object.keys(given)];
  return Object.fromEntries(names.map((name) => [name, merge(defaults[name], given[name])]));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
