import type { RequestListener } from 'node:http';
import type { GraphQLSchema } from 'graphql';
import type { AuthConfig, Config, UpstreamConfig } from './config.ts';
import { createBluejay } from './datasources/bluejay/index.ts';
import type { BluejayEvents } from './datasources/bluejay/index.ts';
import { createDataSourcesFactory } from './datasources/index.ts';
import { createLogger } from './observability/logger.ts';
import type { Logger } from './observability/logger.ts';
import { createSchema } from './schema/index.ts';
import { createFastLane } from './server/fast-lane.ts';
import { createGraphiQLRoute } from './server/graphiql.ts';
import { createGraphQLRoute } from './server/graphql.ts';
import { createReadyRoute, live } from './server/health.ts';
import { createInlineTracer } from './server/inline-trace.ts';
import { createHttpServer } from './server/http.ts';
import { createPipeline } from './server/pipeline.ts';
import { createProtection } from './server/protection.ts';
import { createRepresentationLimit } from './server/representations.ts';
import { createFormatResult } from './server/result.ts';
import { loadTrustedDocuments } from './server/trusted-documents/load.ts';
import { version } from './version.ts';

export interface GatewayOptions {
  /** Replaces the logger, and with it `config.logLevel`. */
  readonly logger?: Logger;
  /** Told of what happens between the gateway and Bluejay, for metrics of your own. */
  readonly events?: BluejayEvents;
}

/** A running gateway, all of its parts made for it alone. */
export interface Gateway {
  readonly schema: GraphQLSchema;
  /** For a server of your own: `/graphql`, `/health/live` and `/health/ready`, 404 elsewhere. */
  readonly listener: RequestListener;
  /**
   * Listens on the configuration's host and port.
   *
   * @returns the origin, such as `http://127.0.0.1:4000`
   */
  listen(): Promise<string>;
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
 * @throws {ConfigurationError} where the file of trusted documents is wrong
 */
export async function createGateway(config: Config, options: GatewayOptions = {}): Promise<Gateway> {
  const { logger = createLogger(config.logLevel), events = {} } = options;
  const schema = createSchema();
  const pipeline = createPipeline({
    schema,
    limits: config.limits,
    exposure: {
      introspection: config.introspection,
      // With a secret, only the router gets this far.
      serviceSdl: config.introspection || config.routerSecrets.length > 0,
    },
  });
  // Before anything is opened, for it may throw.
  const trustedDocuments =
    config.trustedDocuments && (await loadTrustedDocuments(config.trustedDocuments, pipeline));

  const upstream = await openUpstream(config.upstream);
  const bluejay = await createBluejay({
    baseUrl: upstream.baseUrl,
    userAgent: `bluejay-graphql/${version}`,
    timeoutMs: config.upstream.timeoutMs,
    auth: upstream.auth.mode,
    cache: config.cache,
    events: {
      ...events,
      onBreakerStateChange(state, operation) {
        logger.warn({ state, operation }, 'circuit breaker');
        events.onBreakerStateChange?.(state, operation);
      },
      onItemsDropped(count) {
        logger.warn({ count }, 'items without an id in a list of personas');
        events.onItemsDropped?.(count);
      },
      onSharedCacheStateChange(state) {
        logger.warn({ state }, 'shared cache');
        events.onSharedCacheStateChange?.(state);
      },
    },
  });
  const createDataSources = createDataSourcesFactory({ customerPersonas: bluejay.customerPersonas });

  const graphql = createGraphQLRoute({
    lane: createFastLane({
      pipeline,
      schema,
      createDataSources,
      formatResult: createFormatResult(logger),
      limitRepresentations: createRepresentationLimit(config.maxRepresentations),
      inlineTracer: createInlineTracer(createSchema),
      maxResponseBytes: config.maxResponseBytes,
    }),
    auth: upstream.auth,
    routerSecrets: config.routerSecrets,
    requestTimeoutMs: config.requestTimeoutMs,
    graphiql: config.graphiql ? createGraphiQLRoute() : undefined,
    trustedDocuments,
  });
  const protection = await createProtection({
    ...config.protection,
    credentialOf({ headers: { 'x-api-key': key } }) {
      return typeof key === 'string' ? bluejay.credentialOf(key) : undefined;
    },
    sharedUrl: config.cache.url,
    logger,
  });
  const http = createHttpServer({
    ...config.http,
    routes: new Map([
      ['/graphql', protection.protect(graphql)],
      ['/health/live', live],
      ['/health/ready', createReadyRoute([() => http.isReady(), () => !protection.isOverloaded()])],
    ]),
    logger,
  });

  let closed: Promise<void> | undefined;
  async function close(graceMs: number): Promise<void> {
    await http.close(config.drainDelayMs, graceMs);
    protection.close();
    await bluejay.close();
    await upstream.close();
  }

  return {
    schema,
    listener: http.listener,
    listen: () => http.listen(config.port, config.host),
    close: (graceMs = config.requestTimeoutMs + 1_000) => (closed ??= close(graceMs)),
  };
}

async function openUpstream(
  config: UpstreamConfig,
): Promise<{ baseUrl: string; auth: AuthConfig; close(): Promise<void> }> {
  if (config.kind === 'bluejay') return { ...config, close: () => Promise.resolve() };
  // Loaded only here: production never pays for it.
  const { createSandbox, organisations } = await import('./sandbox/index.ts');
  const sandbox = await createSandbox({ isControllable: false });
  const apiKey = organisations[0]?.apiKey ?? '';
  return { baseUrl: sandbox.url, auth: { mode: 'service', apiKey }, close: () => sandbox.close() };
}
