import type { RequestListener } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { completeConfig } from './config/complete.ts';
import type { PartialConfig } from './config/complete.ts';
import type { Config, TracingConfig } from './config/index.ts';
import { listMissingPackages } from './config/missing-packages.ts';
import { bluejayOperations, createBluejay } from './datasources/bluejay/index.ts';
import type { BluejayEvents } from './datasources/bluejay/index.ts';
import { createDataSourcesFactory } from './datasources/index.ts';
import { openService } from './datasources/service.ts';
import type { AnyService, OpenService } from './datasources/service.ts';
import type { Peers } from './datasources/upstream/cache/fences.ts';
import type { AnyEndpoint } from './datasources/upstream/endpoint.ts';
import type { UpstreamLimits } from './datasources/upstream/index.ts';
import type { DataSourcesEvents } from './datasources/index.ts';
import { createEventLog } from './observability/event-log.ts';
import type { ServerEvents } from './observability/events.ts';
import { guardEvents, guardLogger } from './observability/guard.ts';
import { openLogger } from './observability/logger.ts';
import type { Logger } from './observability/logger.ts';
import { mergeEvents } from './observability/merge-events.ts';
import type { MetricsSnapshot } from './observability/metrics/aggregate.ts';
import type { Metrics, MetricsOptions } from './observability/metrics/index.ts';
import type { Tracing } from './observability/tracing/index.ts';
import type { Sandbox } from './sandbox/index.ts';
import { createExamples, createSchema } from './schema/index.ts';
import type { Builder } from './schema/index.ts';
import { errorTable } from './shared/error-codes.ts';
import { ConfigurationError } from './shared/configuration-error.ts';
import { requirePackages } from './shared/optional-packages.ts';
import { createExecutor } from './server/graphql/executor.ts';
import { asksForPage, createGraphiQLRedirect, createGraphiQLRoute } from './server/http/graphiql.ts';
import { createGraphQLRoute } from './server/graphql/route.ts';
import { createReadyRoute, live } from './server/http/health.ts';
import { createInlineTracer } from './server/graphql/inline-trace.ts';
import type { Exchange } from './server/http/exchange.ts';
import { OpenExchanges } from './server/http/open-exchanges.ts';
import { createHttpServer, notFound } from './server/http/server.ts';
import { createPipeline } from './server/graphql/pipeline.ts';
import { checkPlugins } from './server/graphql/plugins.ts';
import type { GraphQLPlugin } from './server/graphql/plugins.ts';
import { createProtection } from './server/admission/protection.ts';
import { createRepresentationLimit } from './server/graphql/representations.ts';
import { createRequestWatch } from './server/http/request-watch.ts';
import { createFormatResult } from './server/graphql/result.ts';
import { loadTrustedDocuments } from './server/graphql/trusted-documents/load.ts';
import { metricsPrefix, programName } from './config/program.ts';
import { answerMs } from './config/stop-timeout.ts';
import { openUpstream } from './upstream.ts';
import { version } from './version.ts';

/** Options of `createGateway` beside the configuration. */
export interface GatewayOptions {
  /**
   * Replaces the logger, and with it the level and the format of `config.log`. Needs pino's `debug`, `info`, `warn`, `error`
   * and `fatal`. A line for which it throws is lost. @default a logger of `config.log` to standard output
   */
  readonly logger?: Logger;
  /**
   * Listeners for events of the gateway, such as for metrics of your own. The first failure of a listener that throws or
   * rejects is logged; nothing else changes. @default none
   */
  readonly events?: GatewayEvents;
  /**
   * Whether `listen` serves the metrics of `config.metrics`. Otherwise only `readMetrics` returns them.
   *
   * @default true
   */
  readonly servesMetrics?: boolean;
  /**
   * Plugins of Yoga or Envelop. Their `onParse`, `onValidate`, `onContextBuilding` and `onExecute`, and the hooks that these
   * return, run for every request in Yoga's order. With a plugin, documents are no longer cached, and operations no longer
   * compiled. A plugin with hooks of HTTP (`onRequest`, `onParams`, `onResultProcess`, `onResponse` …) is refused.
   * @default none
   */
  readonly plugins?: readonly GraphQLPlugin[];
  /** The path of GraphQL. @default '/graphql' */
  readonly path?: string;
  /**
   * Other processes that serve the same, such as the workers of one machine: they tell each other of writes, so that none
   * answers with what was there before. @default none but those that share `config.cache.url`
   */
  readonly peers?: Peers | undefined;
  /**
   * Limits of the calls to Bluejay. A service of an extension has limits of its own.
   * @default 64 reads in flight and 4096 waiting, and an eighth of each for writes besides
   */
  readonly upstreamLimits?: Omit<UpstreamLimits, 'timeoutMs'>;
  /** Fields of your own. @default none */
  readonly extension?: Extension;
}

/** Fields of the embedding program, and the services that they call. */
export interface Extension {
  /** Services with unique names. Their calls get the same policies as Bluejay's, with limits of their own. @default none */
  readonly services?: readonly AnyService[];
  /**
   * Adds types and fields to the schema. A field that calls a service declares it with `declareReads`, by which the rate
   * limit and the limits on lists count. @default no fields
   */
  readonly extendSchema?: (builder: Builder) => void;
}

/** Events of the server, of the data sources, and of the calls to Bluejay. */
export type GatewayEvents = ServerEvents & DataSourcesEvents & BluejayEvents;

/** A gateway, which shares no state with others in the process. */
export interface Gateway {
  readonly schema: GraphQLSchema;
  /** The embedded stand-in for Bluejay, which takes faults; undefined where Bluejay is asked. */
  readonly sandbox: Sandbox | undefined;
  /**
   * Handles the requests of a server of your own: the path of GraphQL, `/health/live`, `/health/ready`, and 404 for others.
   * The limits of sockets (`http.maxConnections`, `http.receiveTimeoutMs`, headers) are then those of that server.
   */
  readonly listener: RequestListener;
  /**
   * Listens on the host and port of the configuration, and serves metrics where `config.metrics` is set.
   *
   * @returns the origin, such as `http://127.0.0.1:4000`
   * @throws an Error whose message says which address is taken or not this machine's
   */
  listen(): Promise<string>;
  /** Returns the origin of `/metrics` once the gateway listens; undefined without metrics. */
  metricsOrigin(): string | undefined;
  /** Returns a snapshot of the metrics, to be aggregated with those of other processes; undefined without metrics. */
  readMetrics(): Promise<MetricsSnapshot> | undefined;
  /**
   * Stops gracefully: `/health/ready` answers 503 at once, and every answer closes its connection. After `drainDelayMs` of
   * the configuration the gateway stops listening, finishes the requests in flight and closes all sockets. A second call
   * returns the promise of the first.
   *
   * @param graceMs how long requests may take to finish after the delay, in milliseconds.
   *   @default `requestTimeoutMs` of the configuration, and a second to answer
   */
  close(graceMs?: number): Promise<void>;
}

/**
 * Creates a gateway. With `upstream.kind` `sandbox` it starts the sandbox, too.
 *
 * @param partialConfig the result of `parseConfig`, or a part of it: missing options have the defaults of their variables.
 *   @default the sandbox, on port 4000
 * @throws {ConfigurationError} where the variable of an option would not accept its value, the file of trusted documents
 *   is wrong, or an optional package is missing that an option needs
 * @throws an Error where `options.path` is no path or is taken, a plugin has a hook of HTTP, or a field of an extension
 *   declares no reads
 * @example
 * const gateway = await createGateway({
 *   environment: 'production',
 *   upstream: { kind: 'bluejay', auth: { mode: 'service', apiKey } },
 * });
 * const origin = await gateway.listen();
 */
export async function createGateway(
  partialConfig: PartialConfig = {},
  options: GatewayOptions = {},
): Promise<Gateway> {
  const config = completeConfig(partialConfig);
  const { servesMetrics = true, extension = {}, path = '/graphql', plugins = [] } = options;
  checkPath(path);
  const createExtendedSchema = () =>
    createSchema({ writes: config.writes, extend: extension.extendSchema, names: config.schemaNames });
  const schema = createExtendedSchema();
  const pipelineOptions = {
    schema,
    limits: config.limits,
    exposure: {
      introspection: config.introspection,
      // With a secret, only the router can send GraphQL requests.
      serviceSdl: config.introspection || config.routerSecrets.length > 0,
    },
  };
  const pipeline = createPipeline({ ...pipelineOptions, plugins: checkPlugins(plugins) });
  // This and the next step may throw, so nothing is opened before.
  const trustedDocuments =
    config.trustedDocuments &&
    (await loadTrustedDocuments(config.trustedDocuments, createPipeline(pipelineOptions)));

  await requirePackagesFor(config, extension.services ?? []);

  // It would send documents that are refused.
  const hasGraphiQL = config.graphiql && trustedDocuments?.isExclusive !== true;

  const logger = options.logger === undefined ? await openLogger(config.log) : guardLogger(options.logger);
  const metrics: Metrics | undefined =
    config.metrics &&
    (await openMetrics({
      prefix: metricsPrefix,
      version,
      errorCodes: Object.keys(errorTable),
      readLoads: () => [bluejay.load(), ...opened.map(({ upstream }) => upstream.load())],
    }));
  const tracing = config.tracing && (await openTracing(config.tracing, logger));
  const listeners = [createEventLog(logger), guardEvents(options.events ?? {}, logger)];
  const events = mergeEvents<GatewayEvents>(
    ...listeners,
    metrics?.events ?? {},
    metrics?.eventsOf(bluejayOperations.service, bluejayOperations.operations) ?? {},
  );
  const userAgent = `${programName}/${version}`;
  const upstream = await openUpstream(config.upstream);
  const bluejay = await createBluejay({
    baseUrl: upstream.baseUrl,
    proxy: upstream.proxy,
    userAgent,
    timeoutMs: config.upstream.timeoutMs,
    auth: upstream.auth.mode,
    cache: config.cache,
    ...options.upstreamLimits,
    // Without them there is nothing to keep sockets for.
    ...(!config.writes && { maxWritesInFlight: 0 }),
    peers: options.peers,
    events,
  });
  const opened: readonly OpenService[] = await Promise.all(
    (extension.services ?? []).map((service) => {
      const { name, endpoints } = service.options;
      const operations = (endpoints as readonly AnyEndpoint[]).map(({ operation }) => operation);
      return openService(
        service,
        userAgent,
        mergeEvents<GatewayEvents>(...listeners, metrics?.eventsOf(name, operations) ?? {}),
        options.peers,
      );
    }),
  );
  const createDataSources = createDataSourcesFactory({
    customerPersonas: bluejay.customerPersonas,
    services: new Map(opened.map((service) => [service.options.name, service])),
    events,
  });

  const open = new OpenExchanges<Exchange>();
  const protection = await createProtection({
    ...config.protection,
    openExchanges: () => open.list(),
    cachedBytes: () =>
      opened.reduce((sum, { upstream: each }) => sum + each.cachedBytes(), bluejay.cachedBytes()),
    credentialOf({ headers: { 'x-api-key': key } }) {
      return typeof key === 'string' ? bluejay.credentialOf(key) : undefined;
    },
    isBehindRouter: upstream.auth.mode === 'service' && config.routerSecrets.length > 0,
    routerSecret: {
      secrets: config.routerSecrets,
      // The page holds no data, and its requests need the secret.
      isExempt: (request) => hasGraphiQL && asksForPage(request),
    },
    sharedUrl: config.cache.url,
    sharedTimeoutMs: config.cache.sharedTimeoutMs,
    logger,
  });
  const graphql = createGraphQLRoute({
    executor: createExecutor({
      pipeline,
      schema,
      createDataSources,
      hasPlugins: plugins.length > 0,
      formatResult: createFormatResult(logger),
      limitRepresentations: createRepresentationLimit(config.maxRepresentations),
      inlineTracer: config.inlineTrace ? createInlineTracer(createExtendedSchema) : undefined,
      maxResponseBytes: config.maxResponseBytes,
      suggests: config.introspection,
      onOperation: events.onOperation,
    }),
    auth: upstream.auth,
    admission: protection.admission,
    backlogOf: (caller) =>
      Math.max(bluejay.backlogOf(caller), ...opened.map(({ upstream: { backlogOf } }) => backlogOf(caller))),
    requestTimeoutMs: config.requestTimeoutMs,
    serverTiming: config.serverTiming,
    graphiql: hasGraphiQL
      ? createGraphiQLRoute({
          title: 'Bluejay GraphQL',
          examples: () => createExamples(schema),
          headerNames: upstream.auth.mode === 'forward' ? ['x-api-key'] : [],
        })
      : undefined,
    trustedDocuments,
  });
  const http = createHttpServer({
    ...config.http,
    routes: new Map([
      ...(hasGraphiQL ? [['/', createGraphiQLRedirect(path, notFound)] as const] : []),
      [path, protection.protect(graphql)],
      ['/health/live', live],
      ['/health/ready', createReadyRoute([() => http.isReady(), () => !protection.admission.isOverloaded()])],
    ]),
    logger,
    open,
    ledger: protection.ledger,
    watch: createRequestWatch({ logger, sampleSuccesses: config.log.sampleSuccesses, events, tracing }),
  });

  let closed: Promise<void> | undefined;
  async function close(graceMs: number): Promise<void> {
    await http.close(config.drainDelayMs, graceMs);
    protection.close();
    await bluejay.close();
    await Promise.all(opened.map((service) => service.upstream.close()));
    await upstream.close();
    await tracing?.close();
    // Last, so that a scrape sees the other parts stop.
    await metrics?.close();
  }

  let metricsOrigin: string | undefined;
  async function listen(): Promise<string> {
    const { host, port } = config;
    if (metrics !== undefined && config.metrics !== undefined && servesMetrics) {
      metricsOrigin = await metrics.listen(config.metrics.port, config.metrics.host);
    }
    return http.listen(port, host);
  }

  return {
    schema,
    sandbox: upstream.sandbox,
    listener: http.listener,
    listen,
    metricsOrigin: () => metricsOrigin,
    readMetrics: () => metrics?.read(),
    close: (graceMs = config.requestTimeoutMs + answerMs) => (closed ??= close(graceMs)),
  };
}

/** @throws an Error where the path has a query or other characters, or is below /health/ */
function checkPath(path: string): void {
  if (/^\/[\w./~-]*$/.test(path) && !path.startsWith('/health/')) return;
  throw new Error(
    `path: expected one such as /graphql, without a query, and not below /health/ (it is ${path})`,
  );
}

/** @throws {ConfigurationError} where a package is missing that is installed on demand */
async function requirePackagesFor(config: Config, services: readonly AnyService[]): Promise<void> {
  const problems = await listMissingPackages(config);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const sharing = services.find(({ options }) => options.cache?.url !== undefined);
  if (sharing !== undefined) await requirePackages('redis', `cache.url of ${sharing.options.name}`);
}

/** Loads the metrics on demand. */
async function openMetrics(options: MetricsOptions): Promise<Metrics> {
  const { createMetrics } = await import('./observability/metrics/index.ts');
  return createMetrics(options);
}

/** Loads tracing on demand. */
async function openTracing(config: TracingConfig, logger: Logger): Promise<Tracing> {
  const { createTracing } = await import('./observability/tracing/otlp.ts');
  return createTracing({ ...config, version, logger });
}
