import * as v from 'valibot';
import { programName } from './program.ts';
import { oneOf, share } from './variable.ts';
import type { ValuesOf, Variable } from './variable.ts';

/** The names of https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** `baggage` is accepted, because OpenTelemetry's default has it, and has no effect. */
const propagators: readonly string[] = ['tracecontext', 'baggage', 'none'];

export interface TracingConfig {
  /** The URL that traces are posted to by OTLP over HTTP. */
  readonly endpoint: string;
  readonly serviceName: string;
  /** Further attributes of the resource, such as `deployment.environment.name`. */
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly sampler: (typeof samplers)[number];
  /** The share of sampled traces, for the samplers with a ratio. */
  readonly samplerRatio: number;
  /** Whether trace contexts are read from callers and sent to Bluejay (W3C Trace Context). */
  readonly propagates: boolean;
}

function isHttpUrl(value: string, forbidden: RegExp): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.host !== '' && !forbidden.test(value);
}

const endpoint = v.pipe(
  v.string(),
  v.check(
    (value) => isHttpUrl(value, /[?#@]/),
    'expected an http(s) URL without credentials, query or fragment, such as http://127.0.0.1:4318',
  ),
  v.transform((value) => value.replace(/\/+$/, '')),
);

const tracesEndpoint = v.pipe(
  v.string(),
  v.check(
    (value) => isHttpUrl(value, /[#@]/),
    'expected an http(s) URL without credentials or fragment, such as http://127.0.0.1:4318/v1/traces',
  ),
);

const protocolMessage = 'expected http/protobuf, the only protocol that is supported';

/** @returns undefined where the text is malformed */
function parseAttributes(text: string): Readonly<Record<string, string>> | undefined {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  if (!pairs.every((pair) => /^\s*[^\s=][^=]*=/.test(pair))) return undefined;
  try {
    const entries = pairs.map((pair) =>
      pair.split(/=(.*)/s, 2).map((part) => decodeURIComponent(part.trim())),
    );
    return Object.fromEntries(entries) as Record<string, string>;
  } catch {
    return undefined;
  }
}

const resourceAttributes = v.pipe(
  v.string(),
  v.transform(parseAttributes),
  v.custom<Readonly<Record<string, string>>>(
    (value) => value !== undefined,
    'expected pairs such as key=value with commas between, percent-encoded where they hold a comma or an equals sign',
  ),
);

function splitList(text: string): readonly string[] {
  return text.split(',').map((item) => item.trim().toLowerCase());
}

const protocol = v.pipe(v.string(), v.toLowerCase());

export const tracingVariables = {
  OTEL_SDK_DISABLED: {
    schema: v.optional(
      v.pipe(
        v.string(),
        v.toLowerCase(),
        oneOf(['true', 'false']),
        v.transform((value) => value === 'true'),
      ),
      'false',
    ),
    default: 'false',
    description: '`true` turns traces off, whatever else is set.',
  },
  OTEL_TRACES_EXPORTER: {
    schema: v.optional(v.pipe(v.string(), v.toLowerCase(), oneOf(['otlp', 'none']))),
    default: '`otlp` with an endpoint, else `none`',
    description:
      '`otlp` sends traces, without an endpoint to `http://localhost:4318`. `none` turns traces off.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: v.optional(endpoint),
    default: '',
    description:
      'The base URL to send traces to by OTLP over HTTP, such as `http://127.0.0.1:4318`. `/v1/traces` is appended.',
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    option: 'tracing.endpoint',
    schema: v.optional(tracesEndpoint),
    default: '',
    description: 'The full URL to send traces to. It has precedence over `OTEL_EXPORTER_OTLP_ENDPOINT`.',
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    schema: v.optional(protocol),
    default: 'http/protobuf',
    description: 'Only `http/protobuf` is supported.',
  },
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: {
    schema: v.optional(protocol),
    default: 'http/protobuf',
    description: 'The same, with precedence over `OTEL_EXPORTER_OTLP_PROTOCOL`.',
  },
  OTEL_SERVICE_NAME: {
    option: 'tracing.serviceName',
    schema: v.optional(v.string()),
    default: '`service.name` of the next, else `bluejay-graphql`',
    description: "The gateway's name in traces.",
  },
  OTEL_RESOURCE_ATTRIBUTES: {
    schema: v.optional(resourceAttributes),
    default: '',
    description: 'Attributes of the gateway in traces: `key=value`, separated by commas.',
  },
  OTEL_PROPAGATORS: {
    schema: v.optional(v.string(), 'tracecontext'),
    default: 'tracecontext',
    description:
      "`tracecontext` joins the caller's trace and passes it on to Bluejay. `none` does neither. `baggage` is accepted and has no effect.",
  },
  OTEL_TRACES_SAMPLER: {
    option: 'tracing.sampler',
    schema: v.optional(v.pipe(v.string(), v.toLowerCase(), oneOf(samplers)), 'parentbased_always_on'),
    default: 'parentbased_always_on',
    description:
      "Which traces to record: `always_on`, `always_off` or `traceidratio`. With the prefix `parentbased_` the caller's decision has precedence.",
  },
  OTEL_TRACES_SAMPLER_ARG: {
    option: 'tracing.samplerRatio',
    schema: v.optional(share, '1'),
    default: '1',
    description: 'The share of traces to record, from 0 to 1, for the samplers with `traceidratio`.',
  },
} as const satisfies Record<string, Variable>;

type Values = ValuesOf<typeof tracingVariables>;

/**
 * Returns whether the environment turns traces on. Otherwise OpenTelemetry's variables are not read, because values for
 * other programs of the machine may be wrong here.
 */
export function asksForTraces(environment: Readonly<Record<string, string | undefined>>): boolean {
  const { OTEL_SDK_DISABLED: isDisabled, OTEL_TRACES_EXPORTER: exporter } = environment;
  if (isDisabled?.toLowerCase() === 'true' || exporter?.toLowerCase() === 'none') return false;
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: tracesUrl, OTEL_EXPORTER_OTLP_ENDPOINT: base } = environment;
  return Boolean(exporter || tracesUrl || base);
}

/** Returns the problems across the variables where traces are on. */
export function findTracingProblems(values: Partial<Values>): readonly string[] {
  if (endpointOf(values) === undefined) return [];
  const problems: string[] = [];
  const protocolName =
    values.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL === undefined
      ? 'OTEL_EXPORTER_OTLP_PROTOCOL'
      : 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL';
  if ((values[protocolName] ?? 'http/protobuf') !== 'http/protobuf') {
    problems.push(`${protocolName}: ${protocolMessage}`);
  }
  const unknown = splitList(values.OTEL_PROPAGATORS ?? '').some((name) => !propagators.includes(name));
  if (values.OTEL_PROPAGATORS !== undefined && unknown) {
    problems.push(`OTEL_PROPAGATORS: expected a list of ${propagators.join(', ')}`);
  }
  return problems;
}

/**
 * Resolves the configuration of traces.
 *
 * @returns undefined where traces are off
 */
export function resolveTracing(values: Values): TracingConfig | undefined {
  const tracesUrl = endpointOf(values);
  if (tracesUrl === undefined) return undefined;
  const { 'service.name': name, ...attributes } = values.OTEL_RESOURCE_ATTRIBUTES ?? {};
  return {
    endpoint: tracesUrl,
    serviceName: values.OTEL_SERVICE_NAME ?? (name || programName),
    resourceAttributes: attributes,
    sampler: values.OTEL_TRACES_SAMPLER,
    samplerRatio: values.OTEL_TRACES_SAMPLER_ARG,
    propagates: splitList(values.OTEL_PROPAGATORS).includes('tracecontext'),
  };
}

function endpointOf(values: Partial<Values>): string | undefined {
  const {
    OTEL_TRACES_EXPORTER: exporter,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: tracesUrl,
    OTEL_EXPORTER_OTLP_ENDPOINT: base = exporter === 'otlp' ? 'http://localhost:4318' : undefined,
  } = values;
  return tracesUrl ?? (base && `${base}/v1/traces`);
}
