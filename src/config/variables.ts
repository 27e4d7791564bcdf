import * as v from 'valibot';
import { cacheVariables } from './cache.ts';
import { observabilityVariables } from './observability.ts';
import { accessVariables, limitsVariables, trustedDocumentsVariables } from './operations.ts';
import { browsersVariables, connectionsVariables, loadVariables } from './protection.ts';
import { proxyVariables } from './proxy.ts';
import { schemaExposureVariables } from './schema-exposure.ts';
import { schemaNamesVariables } from './schema-names.ts';
import { tracingVariables } from './tracing.ts';
import { upstreamVariables } from './upstream.ts';
import { integer, integerVariable, oneOf } from './variable.ts';
import type { Variable } from './variable.ts';

const processVariables = {
  PORT: integerVariable('port', 0, 65_535, 4_000, 'The port to listen on. `0` takes any free port.'),
  HOST: {
    option: 'host',
    schema: v.optional(
      v.pipe(v.string(), v.minLength(1, 'expected a host name or an IP address')),
      '127.0.0.1',
    ),
    default: '127.0.0.1',
    description:
      'The address to listen on. `::` accepts IPv6 and IPv4, or IPv4 alone where the machine has no IPv6.',
  },
  NODE_ENV: {
    option: 'environment',
    schema: v.optional(oneOf(['development', 'production', 'test']), 'development'),
    default: 'development',
    description: '`development`, `production` or `test`. It decides the defaults of other variables.',
  },
  DRAIN_DELAY_MS: {
    option: 'drainDelayMs',
    schema: v.optional(integer(0, 600_000)),
    default: '`5000` in production, else `0`',
    description:
      'How long the gateway goes on serving after SIGTERM, so that load balancers stop sending to it, in milliseconds.',
  },
  WORKERS: integerVariable(
    'workers',
    1,
    64,
    1,
    'The number of processes that share the port. Each can use one core.',
  ),
  REQUEST_TIMEOUT_MS: integerVariable(
    'requestTimeoutMs',
    1,
    600_000,
    10_000,
    'The deadline of one GraphQL request, including queueing and retries, in milliseconds. At least `BLUEJAY_TIMEOUT_MS`.',
  ),
} as const satisfies Record<string, Variable>;

/** Declares every environment variable of the gateway, under the headings of `docs/configuration.md`. */
export const variableGroups = {
  'The process': processVariables,
  Bluejay: upstreamVariables,
  'A proxy to Bluejay': proxyVariables,
  'Cached personas': cacheVariables,
  'Access and writes': accessVariables,
  'Limits on operations': limitsVariables,
  'Trusted documents': trustedDocumentsVariables,
  Connections: connectionsVariables,
  'Load and rate limit': loadVariables,
  Browsers: browsersVariables,
  'Names in the schema': schemaNamesVariables,
  'Reading the schema': schemaExposureVariables,
  'Logs and metrics': observabilityVariables,
  Traces: tracingVariables,
} as const satisfies Record<string, Record<string, Variable>>;

/** Every environment variable by its name. */
export const variables = {
  ...processVariables,
  ...upstreamVariables,
  ...proxyVariables,
  ...cacheVariables,
  ...accessVariables,
  ...limitsVariables,
  ...trustedDocumentsVariables,
  ...connectionsVariables,
  ...loadVariables,
  ...browsersVariables,
  ...schemaNamesVariables,
  ...schemaExposureVariables,
  ...observabilityVariables,
  ...tracingVariables,
} as const satisfies Record<string, Variable>;
