import { onTestFinished } from 'vitest';
import { query } from '../../examples/frontend/client.ts';
import type { GatewayResult } from '../../examples/frontend/client.ts';
import type { TypedDocumentString } from '../../examples/frontend/gql/graphql.ts';
import type {
  AuthConfig,
  HttpConfig,
  MetricsConfig,
  OperationLimits,
  ProtectionConfig,
  TracingConfig,
  TrustedDocumentsConfig,
} from '../../src/config/index.ts';
import type { CacheConfig } from '../../src/datasources/upstream/index.ts';
import { createGateway } from '../../src/gateway.ts';
import type { GraphQLPlugin } from '../../src/server/graphql/plugins.ts';
import type { Extension, GatewayEvents, GatewayOptions } from '../../src/gateway.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { SchemaNames } from '../../src/shared/schema-names.ts';
import { createSandbox, organisations } from '../../src/sandbox/index.ts';
import type { Fault, Sandbox } from '../../src/sandbox/index.ts';
import { testConfig } from './config.ts';

const [clinicOrganisation, airlineOrganisation] = organisations;
if (clinicOrganisation === undefined || airlineOrganisation === undefined) throw new Error('Two, please');
export const clinic = clinicOrganisation;
export const airline = airlineOrganisation;

/** The persona of Bluejay's reference page. It belongs to the clinic. */
export const exampleId = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
/** A well-formed id that nobody has. */
export const unknownId = '00000000-0000-4000-8000-000000000000';

/** Bluejay's answer for an unknown persona, as a fault. */
export const personaNotFound: Fault = {
  kind: 'answer',
  status: 404,
  body: '{"detail":"Customer persona not found"}',
};

/** Well-formed ids that nobody has; each `series` has other ones. */
export function someIds(count: number, series = 0): string[] {
  return Array.from(
    { length: count },
    (_, index) => `00000000-0000-4000-8000-${String(series * 10_000 + index + 1).padStart(12, '0')}`,
  );
}

export interface TestGatewayOptions {
  readonly auth?: AuthConfig;
  readonly timeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly drainDelayMs?: number;
  readonly graphiql?: boolean;
  /** @default false */
  readonly writes?: boolean;
  readonly routerSecrets?: readonly string[];
  readonly maxRepresentations?: number;
  /** @default true */
  readonly introspection?: boolean;
  readonly limits?: Partial<OperationLimits>;
  /** @default 16777216 */
  readonly maxResponseBytes?: number;
  readonly trustedDocuments?: TrustedDocumentsConfig;
  readonly cache?: Partial<CacheConfig>;
  readonly http?: Partial<HttpConfig>;
  readonly protection?: Partial<ProtectionConfig>;
  readonly events?: GatewayEvents;
  readonly extension?: Extension;
  readonly schemaNames?: SchemaNames;
  readonly plugins?: readonly GraphQLPlugin[];
  readonly upstreamLimits?: GatewayOptions['upstreamLimits'];
  readonly sampleSuccesses?: number;
  readonly metrics?: MetricsConfig;
  readonly tracing?: TracingConfig | undefined;
  readonly serverTiming?: boolean;
  /** @default true */
  readonly inlineTrace?: boolean;
  /** Instead of a sandbox of the test's own. */
  readonly baseUrl?: string;
}

export interface TestGateway {
  /** The origin; GraphQL is at `${url}/graphql`. */
  readonly url: string;
  readonly sandbox: Sandbox;
  /** Every line that was logged, parsed. */
  readonly logs: Record<string, unknown>[];
  /** Everything that was logged, as written. */
  logText(): string;
  /** Sends a typed operation. */
  query<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
    headers?: Record<string, string>,
  ): Promise<GatewayResult<Data>>;
  /** POSTs a body to /graphql: JSON unless it is a string. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** The text of `/metrics`. */
  metrics(): Promise<string>;
  metricsOrigin(): string | undefined;
  close(graceMs?: number): Promise<void>;
}

const noCache: CacheConfig = {
  ttlMs: 0,
  notFoundTtlMs: 0,
  staleMs: 0,
  maxEntries: 1_000,
  maxBytes: 1_000_000,
  url: undefined,
  // Enough on a busy machine: only tests about a slow Redis have a limit of their own.
  sharedTimeoutMs: 5_000,
  sharedRetryMs: 100,
};

const { http: httpDefaults, protection: protectionDefaults } = testConfig({});
/** A machine that is busy with other tests makes the event loop late. */
const patient = { ...protectionDefaults, maxQueueDelayMs: 0 };

/** Starts a gateway on a free port in front of a sandbox of its own. Both end with the test. */
export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const {
    auth = { mode: 'service', apiKey: clinic.apiKey },
    timeoutMs = 5_000,
    requestTimeoutMs = 5_000,
    drainDelayMs = 0,
    graphiql = false,
    writes = false,
    routerSecrets = [],
    maxRepresentations = 1_000,
    introspection = true,
    trustedDocuments,
    maxResponseBytes = 16_777_216,
  } = options;
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  const lines: string[] = [];
  const logs: Record<string, unknown>[] = [];
  const logger = createLogger('trace', {
    write(line) {
      lines.push(line);
      logs.push(JSON.parse(line) as Record<string, unknown>);
    },
  });
  const config = testConfig({
    log: { level: 'trace', format: 'json', sampleSuccesses: options.sampleSuccesses ?? 1 },
    metrics: options.metrics,
    tracing: options.tracing,
    serverTiming: options.serverTiming ?? false,
    inlineTrace: options.inlineTrace ?? true,
    drainDelayMs,
    graphiql,
    writes,
    requestTimeoutMs,
    maxRepresentations,
    introspection,
    maxResponseBytes,
    limits: { ...testConfig({}).limits, ...options.limits },
    trustedDocuments,
    routerSecrets,
    schemaNames: options.schemaNames ?? testConfig({}).schemaNames,
    cache: { ...noCache, ...options.cache },
    http: { ...httpDefaults, ...options.http },
    protection: { ...patient, ...options.protection },
    upstream: { kind: 'bluejay', baseUrl: options.baseUrl ?? sandbox.url, auth, timeoutMs },
  });
  const gateway = await createGateway(config, {
    logger,
    events: options.events ?? {},
    extension: options.extension ?? {},
    plugins: options.plugins ?? [],
    upstreamLimits: options.upstreamLimits ?? {},
  });
  const url = await gateway.listen();
  onTestFinished(() => gateway.close(0));
  return {
    url,
    sandbox,
    logs,
    logText: () => lines.join(''),
    query: (document, variables, headers = {}) =>
      query(document, variables, { url: `${url}/graphql`, headers }),
    post: (body, headers = {}) =>
      fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    metricsOrigin: gateway.metricsOrigin,
    metrics: async () => (await fetch(`${gateway.metricsOrigin()}/metrics`)).text(),
    close: (graceMs) => gateway.close(graceMs),
  };
}
