import type { RequestListener } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import { completeConfig } from './config/complete.ts';
import type { PartialConfig } from './config/complete.ts';
import type { TracingConfig } from './config/index.ts';
import { bluejayOperations, createBluejay } from './datasources/bluejay/index.ts';
import type { BluejayEvents } from './datasources/bluejay/index.ts';
import { createDataSourcesFactory } from './datasources/index.ts';
import { openService } from './datasources/service.ts';
import type { AnyService, OpenService } from './datasources/service.ts';
import type { AnyEndpoint } from './datasources/upstream/endpoint.ts';
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
import { examples } from './schema/examples.ts';
import { createSchema } from './schema/index.ts';
import type { Builder } from './schema/index.ts';
import { errorTable } from './shared/error-codes.ts';
import { createExecutor } from './server/graphql/executor.ts';
import { asksForPage, createGraphiQLRoute } from './server/http/graphiql.ts';
import { createGraphQLRoute } from './server/graphql/route.ts';
import { createReadyRoute, live } from './server/http/health.ts';
import { createInlineTracer } from './server/graphql/inline-trace.ts';
import { createHttpServer } from './server/http/server.ts';
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

export interface GatewayOptions {
  /**
   * Replaces the logger, and with it the level and the format of `config.log`: any that has pino's `debug`, `info`,
   * `warn`, `error` and `fatal`. Lines for which it throws are lost.
   */
  readonly logger?: Logger;
  /**
   * Called when something happens in the gateway, for metrics of your own. A listener that throws, or returns a promise
   * that is rejected, is logged the first time and changes nothing else.
   */
  readonly events?: GatewayEvents;
  /**
   * Whether `listen` serves the metrics that `config.metrics` asks for. If not, `readMetrics` alone gives them.
   *
   * @default true
   */
  readonly servesMetrics?: boolean;
  /**
   * Plugins of Yoga's or Envelop's: their `onParse`, `onValidate`, `onContextBuilding` and `onExecute`, and what these
   * return to be called afterwards, run for every request in Yoga's order. Then no request takes the way without Yoga
   * that the gateway is fast by. A plugin with hooks of HTTP (`onRequest`, `onParams`, `onResultProcess`, `onResponse` …) is
   * refused. @default none
   */
  readonly plugins?: readonly GraphQLPlugin[];
  /** Where GraphQL is served. @default '/graphql' */
  readonly path?: string;
  /** Fields of your own. @default none */
  readonly extension?: Extension;
}

/** Fields of an embedder's own, and the services that they call. */
export interface Extension {
  /** Each has a name of its own, in metrics, too. Its calls get all that Bluejay's have, and its own limits. */
  readonly services?: readonly AnyService[];
  /**
   * Adds types and fields to the schema. A field that calls a service says so with `declareReads`: by this it is
   * counted for the rate limit and the limits on lists.
   */
  readonly extendSchema?: (builder: Builder) => void;
}

/** At the gateway's door, in its data sources, and between it and Bluejay. */
export type GatewayEvents = ServerEvents & DataSourcesEvents & BluejayEvents;

/** A running gateway, all of its parts made for it alone. */
export interface Gateway {
  readonly schema: GraphQLSchema;
  /**
   * For a server of your own: GraphQL's path, `/health/live` and `/health/ready`, 404 elsewhere. The limits on sockets
   * (`http.maxConnections`, `http.receiveTimeoutMs`, the sizes and times of headers) are those of that server.
   */
  readonly listener: RequestListener;
  /**
   * Listens on the configuration's host and port, and for metrics where there is a port for them.
   *
   * @returns the origin, such as `http://127.0.0.1:4000`
   * @throws an Error whose message says which address is taken or not this machine's
   */
  listen(): Promise<string>;
  /** The origin of `/metrics` once the gateway listens; undefined where there are no metrics. */
  metricsOrigin(): string | undefined;
  /** All metrics as they are now, to be added up with those of other processes; undefined where there are none. */
  readMetrics(): Promise<MetricsSnapshot> | undefined;
  /**
   * Stops gently: `/health/ready` answers 503 at once, every answer closes its connection, and after the
   * configuration's `drainDelayMs` the gateway stops listening, finishes the requests in flight and closes
   * every socket. A second call joins the first.
   *
   * @param graceMs how long requests may take to finish after the delay.
   *   @default the configuration's `requestTimeoutMs`, and a second to answer
   */
  close(graceMs?: number): Promise<void>;
}

/**
 * Puts the gateway together. With `upstream.kind` `sandbox` it starts the sandbox too.
 *
 * @param partialConfig what `parseConfig` returns, or a part of it: what is missing has the default of its variable.
 *   @default all defaults: the sandbox, on port 4000
 * @throws {ConfigurationError} where the variable of an option would not accept its value, or the file of trusted documents
 *   is wrong
 * @throws an Error where `options.path` is not a path of its own, a plugin cannot be called, or an extension's field does
 *   not say what it reads
 * @example
 * const gateway = await createGateway({
 *   environment: 'production',
 *   upstream: { kind: 'bluejay', auth: { mode: 'service', apiKey } },
 * });
 */
export async function createGateway(
  partialConfig: PartialConfig = {},
  options: GatewayOptions = {},
): Promise<Gateway> {
  const config = completeConfig(partialConfig);
  const { servesMetrics = true, extension = {}, path = '/graphql', plugins = [] } = options;
  checkPath(path);
  const createExtendedSchema = () => createSchema(extension.extendSchema);
  const schema = createExtendedSchema();
  const pipelineOptions = {
    schema,
    limits: config.limits,
    exposure: {
      introspection: config.introspection,
      // With a secret, only the router gets this far.
      serviceSdl: config.introspection || config.routerSecrets.length > 0,
    },
  };
  const pipeline = createPipeline({ ...pipelineOptions, plugins: checkPlugins(plugins) });
  // Before anything is opened, for it may throw.
  const trustedDocuments =
    config.trustedDocuments &&
    (await loadTrustedDocuments(config.trustedDocuments, createPipeline(pipelineOptions)));

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
      );
    }),
  );
  const createDataSources = createDataSourcesFactory({
    customerPersonas: bluejay.customerPersonas,
    services: new Map(opened.map((service) => [service.options.name, service])),
    events,
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
      onOperation: events.onOperation,
    }),
    auth: upstream.auth,
    requestTimeoutMs: config.requestTimeoutMs,
    serverTiming: config.serverTiming,
    graphiql: config.graphiql ? createGraphiQLRoute({ title: 'Bluejay GraphQL', examples }) : undefined,
    trustedDocuments,
  });
  const protection = await createProtection({
    ...config.protection,
    credentialOf({ headers: { 'x-api-key': key } }) {
      return typeof key === 'string' ? bluejay.credentialOf(key) : undefined;
    },
    callerOf: ({ headers: { 'x-api-key': key } }) => bluejay.callerOf(typeof key === 'string' ? key : ''),
    backlogOf: bluejay.backlogOf,
    routerSecret: {
      secrets: config.routerSecrets,
      // The page holds no data; what it asks for needs the secret.
      isExempt: (request) => config.graphiql && asksForPage(request),
    },
    sharedUrl: config.cache.url,
    logger,
  });
  const http = createHttpServer({
    ...config.http,
    routes: new Map([
      [path, protection.protect(graphql)],
      ['/health/live', live],
      ['/health/ready', createReadyRoute([() => http.isReady(), () => !protection.isOverloaded()])],
    ]),
    logger,
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
    // Last of all, so that the end can be seen in them.
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
    listener: http.listener,
    listen,
    metricsOrigin: () => metricsOrigin,
    readMetrics: () => metrics?.read(),
    close: (graceMs = config.requestTimeoutMs + answerMs) => (closed ??= close(graceMs)),
  };
}

/** @throws an Error for what no request can ask for, and what is taken */
function checkPath(path: string): void {
  if (/^\/[\w./~-]*$/.test(path) && !path.startsWith('/health/')) return;
  throw new Error(
    `path: expected one such as /graphql, without a query, and not below /health/ (it is ${path})`,
  );
}

/** Loaded only where metrics are wanted: the others pay nothing for them. */
async function openMetrics(options: MetricsOptions): Promise<Metrics> {
  const { createMetrics } = await import('./observability/metrics/index.ts');
  return createMetrics(options);
}

/** Loaded only where traces are wanted. */
async function openTracing(config: TracingConfig, logger: Logger): Promise<Tracing> {
  const { createTracing } = await import('./observability/tracing/otlp.ts');
  return createTracing({ ...config, version, logger });
}
