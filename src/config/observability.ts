import * as v from 'valibot';
import { resolveTracing, tracingVariables } from './tracing.ts';
import type { TracingConfig } from './tracing.ts';
import { integer, onOff, oneOf, share } from './variable.ts';
import type { ValuesOf, Variable } from './variable.ts';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

export interface LogConfig {
  readonly level: LogLevel;
  /** `json`: lines for machines; `pretty`: lines for people. */
  readonly format: 'json' | 'pretty';
  /** The share of the requests without any error that are logged, from 0 to 1. */
  readonly sampleSuccesses: number;
}

export interface MetricsConfig {
  readonly host: string;
  /** 0 lets the operating system choose a free port. */
  readonly port: number;
}

export const observabilityVariables = {
  LOG_LEVEL: {
    option: 'log.level',
    schema: v.optional(oneOf(logLevels), 'info'),
    default: 'info',
    description: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.',
  },
  LOG_FORMAT: {
    option: 'log.format',
    schema: v.optional(oneOf(['json', 'pretty'])),
    default: '`pretty` in development, else `json`',
    description: '`json`: one JSON object a line. `pretty`: for people.',
  },
  LOG_SAMPLE_SUCCESSES: {
    option: 'log.sampleSuccesses',
    schema: v.optional(share, '1'),
    default: '1',
    description:
      'The share of requests without errors to log, from 0 to 1. Requests with errors are always logged.',
  },
  METRICS_PORT: {
    option: 'metrics.port',
    schema: v.optional(integer(0, 65_535)),
    default: '',
    description: 'The port for Prometheus metrics at `/metrics`. `0` takes any free port. Unset: no metrics.',
  },
  METRICS_HOST: {
    option: 'metrics.host',
    schema: v.optional(v.pipe(v.string(), v.minLength(1, 'expected a host name or an IP address'))),
    default: 'as `HOST`',
    description: 'The address for metrics.',
  },
  SERVER_TIMING: {
    option: 'serverTiming',
    schema: v.optional(onOff, 'false'),
    default: 'false',
    description: 'Whether a request with `x-server-timing: 1` gets a `Server-Timing` header.',
  },
  INLINE_TRACE: {
    option: 'inlineTrace',
    schema: v.optional(onOff),
    default: '`true` in development and with a `ROUTER_SECRET`, else `false`',
    description: 'Whether a request with `apollo-federation-include-trace: ftv1` gets a trace in its answer.',
  },
} as const satisfies Record<string, Variable>;

type Values = ValuesOf<typeof observabilityVariables & typeof tracingVariables>;

export interface ObservabilityConfig {
  readonly log: LogConfig;
  /** Undefined turns metrics off. */
  readonly metrics: MetricsConfig | undefined;
  /** Undefined turns traces off. */
  readonly tracing: TracingConfig | undefined;
  /** Whether a caller that requests it gets a `Server-Timing`. */
  readonly serverTiming: boolean;
  /** Whether a caller that requests it gets a trace in `extensions.ftv1`. */
  readonly inlineTrace: boolean;
}

/**
 * Resolves the configuration of the log, metrics and traces.
 *
 * @param host the address of the gateway, the default for metrics
 * @param isRouterOnly whether a router secret keeps other clients out
 */
export function resolveObservability(
  values: Values,
  host: string,
  isDevelopment: boolean,
  isRouterOnly: boolean,
): ObservabilityConfig {
  const { METRICS_PORT: port } = values;
  return {
    log: {
      level: values.LOG_LEVEL,
      format: values.LOG_FORMAT ?? (isDevelopment ? 'pretty' : 'json'),
      sampleSuccesses: values.LOG_SAMPLE_SUCCESSES,
    },
    metrics: port === undefined ? undefined : { host: values.METRICS_HOST ?? host, port },
    tracing: resolveTracing(values),
    serverTiming: values.SERVER_TIMING,
    // A trace multiplies the cost of a request, so public clients get none.
    inlineTrace: values.INLINE_TRACE ?? (isDevelopment || isRouterOnly),
  };
}
