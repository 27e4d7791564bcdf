import * as v from 'valibot';
import { resolveCache } from './cache.ts';
import { resolveObservability } from './observability.ts';
import type { ObservabilityConfig } from './observability.ts';
import { findOperationsProblems, resolveOperations, writesByDefault } from './operations.ts';
import type { OperationsConfig } from './operations.ts';
import { resolveHttp, resolveProtection } from './protection.ts';
import type { HttpConfig, ProtectionConfig } from './protection.ts';
import { resolveSchemaNames, schemaNamesVariables } from './schema-names.ts';
import { resolveSchemaExposure } from './schema-exposure.ts';
import type { SchemaExposureConfig } from './schema-exposure.ts';
import { asksForTraces, findTracingProblems, tracingVariables } from './tracing.ts';
import { findUpstreamProblems, resolveUpstream, upstreamVariables } from './upstream.ts';
import type { UpstreamConfig } from './upstream.ts';
import { proxyVariables } from './proxy.ts';
import type { ValuesOf, Variable } from './variable.ts';
import { variables } from './variables.ts';
import type { CacheConfig } from '../datasources/upstream/index.ts';
import type { SchemaNames } from '../shared/schema-names.ts';

export type { LogConfig, LogLevel, MetricsConfig } from './observability.ts';
export type { OperationLimits, TrustedDocumentsConfig } from './operations.ts';
export type { HttpConfig, ProtectionConfig } from './protection.ts';
export type { TracingConfig } from './tracing.ts';
export type { AuthConfig, BluejayConfig, UpstreamConfig } from './upstream.ts';
export { variables } from './variables.ts';

/** The complete configuration of a gateway. Durations are in milliseconds. */
export interface Config extends OperationsConfig, SchemaExposureConfig, ObservabilityConfig {
  readonly environment: 'development' | 'production' | 'test';
  readonly host: string;
  /** 0 lets the operating system choose a free port. */
  readonly port: number;
  /** How long the gateway goes on serving after the signal to stop, while balancers remove it, in milliseconds. */
  readonly drainDelayMs: number;
  /** How many processes the program starts. Has no effect on an embedded gateway. */
  readonly workers: number;
  /** The deadline of one GraphQL request, with queueing and retries, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** How the schema names what other subgraphs may have, too. */
  readonly schemaNames: SchemaNames;
  readonly http: HttpConfig;
  readonly protection: ProtectionConfig;
  readonly cache: CacheConfig;
  readonly upstream: UpstreamConfig;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  /** A line for each problem: the name of the variable and what was expected, without its value. */
  | { readonly ok: false; readonly problems: readonly string[] };

type Values = ValuesOf<typeof variables>;

/**
 * Reads the configuration from environment variables. An empty variable counts as unset.
 *
 * @returns the configuration, or all problems at once; no problem repeats the value of a variable
 * @example
 * const result = parseConfig(process.env);
 * if (!result.ok) throw new Error(result.problems.join('\n'));
 * const gateway = await createGateway(result.config);
 */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): ConfigResult {
  const isTraced = asksForTraces(environment);
  const { parsed, problems } = read(
    variables,
    environment,
    (name) => isTraced || !Object.hasOwn(tracingVariables, name),
  );
  // Lacks the variables that are wrong by themselves, so checks across variables must expect any to be missing.
  const partial = parsed as Partial<Values>;
  problems.push(
    ...findUpstreamProblems(partial, Boolean(environment['BLUEJAY_API_KEY'])),
    ...findOperationsProblems(partial),
    ...findDeadlineProblems(partial),
    ...findWorkersProblems(partial),
    ...findTracingProblems(partial),
  );
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: resolve(parsed as Values) };
}

/** Reads only what the schema depends on, for who wants to see the schema and not to start a gateway. */
export function parseSchemaConfig(
  environment: Readonly<Record<string, string | undefined>>,
):
  | { readonly ok: true; readonly names: SchemaNames; readonly writes: boolean }
  | { readonly ok: false; readonly problems: readonly string[] } {
  const { NODE_ENV, WRITES, ROUTER_SECRET } = variables;
  const declared = {
    NODE_ENV,
    WRITES,
    ROUTER_SECRET,
    ...upstreamVariables,
    ...proxyVariables,
    ...schemaNamesVariables,
  };
  const { parsed, problems } = read(declared, environment, () => true);
  if (problems.length > 0) return { ok: false, problems };
  const values = parsed as ValuesOf<typeof declared>;
  const upstream = resolveUpstream(values, values.NODE_ENV === 'production');
  const writes = values.WRITES ?? writesByDefault(upstream, values.ROUTER_SECRET);
  return { ok: true, names: resolveSchemaNames(values), writes };
}

/** Parses each variable by itself. What is wrong is missing in `parsed`. */
function read(
  declared: Readonly<Record<string, Variable>>,
  environment: Readonly<Record<string, string | undefined>>,
  isRead: (name: string) => boolean,
): { readonly parsed: Readonly<Record<string, unknown>>; readonly problems: string[] } {
  const parsed: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, { alias = name, schema }] of Object.entries(declared)) {
    const source = environment[alias] ? alias : name;
    const result = v.safeParse(schema, (isRead(name) && environment[source]) || undefined);
    if (result.success) parsed[name] = result.output;
    else problems.push(`${source}: ${result.issues[0].message}`);
  }
  return { parsed, problems };
}

function findDeadlineProblems(values: Partial<Values>): readonly string[] {
  const { BLUEJAY_TIMEOUT_MS: attemptMs, REQUEST_TIMEOUT_MS: requestMs } = values;
  if (attemptMs === undefined || requestMs === undefined || requestMs >= attemptMs) return [];
  // Otherwise the deadline ends each slow attempt before it counts as a timeout of Bluejay.
  return [`REQUEST_TIMEOUT_MS: expected at least BLUEJAY_TIMEOUT_MS (it is ${requestMs})`];
}

function findWorkersProblems(values: Partial<Values>): readonly string[] {
  const { WORKERS: workers = 1, RATE_LIMIT: rateLimit } = values;
  const isAlone = 'CACHE_URL' in values && values.CACHE_URL === undefined;
  if (workers === 1 || rateLimit === undefined || !isAlone) return [];
  // Otherwise the limit of a caller depends on which workers its connections reach.
  return [
    'CACHE_URL: required when RATE_LIMIT is set and WORKERS is more than 1, for each would count alone',
  ];
}

function resolve(values: Values): Config {
  const isDevelopment = values.NODE_ENV === 'development';
  const isProduction = values.NODE_ENV === 'production';
  const upstream = resolveUpstream(values, isProduction);
  return {
    environment: values.NODE_ENV,
    host: values.HOST,
    port: values.PORT,
    drainDelayMs: values.DRAIN_DELAY_MS ?? (isProduction ? 5_000 : 0),
    workers: values.WORKERS,
    requestTimeoutMs: values.REQUEST_TIMEOUT_MS,
    schemaNames: resolveSchemaNames(values),
    ...resolveSchemaExposure(values, isDevelopment),
    ...resolveOperations(values, upstream),
    http: resolveHttp(values),
    protection: resolveProtection(values, isDevelopment, values.WORKERS),
    cache: resolveCache(values),
    upstream,
    ...resolveObservability(values, values.HOST, isDevelopment, values.ROUTER_SECRET.length > 0),
  };
}
