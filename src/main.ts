#!/usr/bin/env node
import module from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { readCommandLine } from './shared/command-line.ts';
import type { BluejayConfig, Config } from './config/index.ts';
import type { Peers } from './datasources/upstream/cache/fences.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import type { Logger } from './observability/logger.ts';
import type { PrimaryMessage, WorkerMessage } from './workers/messages.ts';
import type { Primary } from './workers/primary.ts';

await readCommandLine(
  {
    name: 'bluejay-graphql',
    summary: 'a GraphQL gateway in front of Bluejay’s customer-persona API',
    commands: {
      schema: {
        description:
          'Prints the subgraph’s SDL, as AGENT_TYPE and SCHEMA_PREFIX name it. Needs no key and starts nothing.',
        print: async () => {
          const { printConfiguredSchema } = await import('./schema-command.ts');
          return printConfiguredSchema(process.env);
        },
      },
    },
    loadVariables: async () => (await import('./config/index.ts')).variables,
  },
  process,
);
// Caches compiled code beside the dependencies. The first start fills the cache, for the image its build does so
// (scripts/warm-up.mjs). Where the folder is read-only, Node.js silently caches nothing.
module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)));
const { parseConfig } = await import('./config/index.ts');
const { ConfigurationError, describeProblems } = await import('./shared/configuration-error.ts');
const { openLogger } = await import('./observability/logger.ts');
const { createOutput } = await import('./observability/output.ts');
const { stopTimeoutMs } = await import('./config/stop-timeout.ts');
const { rootFieldName } = await import('./shared/schema-names.ts');

const result = parseConfig(process.env);
if (result.ok) await run(result.config);
else failWith(result.problems);

function failWith(problems: readonly string[]): void {
  createOutput('stderr').write(`${describeProblems(problems)}\n`);
  process.exitCode = 1;
}

function failWithMessage({ message }: Error): void {
  createOutput('stderr').write(`${message}\n`);
  process.exitCode = 1;
}

async function run(config: Config): Promise<void> {
  const logger = await openLogger(config.log);
  process.on('exit', () => logger.flush());
  if (config.workers === 1) return runAlone(config, logger);
  // Loaded on demand, because the module changes how a process listens.
  const { default: cluster } = await import('node:cluster');
  if (cluster.isPrimary) return runPrimary(config, logger);
  return runWorker(config, logger.child({ pid: process.pid }));
}

/** Serves in this process. */
async function runAlone(config: Config, logger: Logger): Promise<void> {
  logCrash(logger);
  /** Undefined until the gateway listens. */
  let listening: Listening | undefined;
  onStopSignal(config, logger, () => {
    // Without a listening gateway there is nothing to stop gracefully.
    if (listening === undefined) process.exit(0);
    // Exits explicitly, because exports of traces that were given up keep the process alive.
    void listening.gateway.close().then(() => process.exit(0));
  });
  listening = await listen(config, { logger });
  if (listening === undefined) return;
  const { gateway, origin } = listening;
  reportListening(config, logger, origin, gateway.metricsOrigin(), gateway.sandbox?.url);
}

/** Keeps the workers running and distributes connections to them; serves no request itself. */
async function runPrimary(config: Config, logger: Logger): Promise<void> {
  logCrash(logger);
  const { startPrimary } = await import('./workers/primary.ts');
  let primary: Primary | undefined;
  onStopSignal(config, logger, () => (primary === undefined ? process.exit(0) : primary.stop()));
  // At any exit, because a stopped worker does not notice the end of the primary.
  process.on('exit', () => primary?.kill());
  primary = await startPrimary({
    config,
    logger,
    program: fileURLToPath(import.meta.url),
    onListening: (origin, metricsOrigin) => reportListening(config, logger, origin, metricsOrigin),
  }).catch((error: Error) => {
    failWithMessage(error);
    process.exit();
  });
  process.exit(await primary.ended);
}

/** Serves requests, and carries out the messages of the primary. */
async function runWorker(config: Config, logger: Logger): Promise<void> {
  logCrash(logger);
  // Terminals and some supervisors signal the whole process group, but only the primary acts on signals.
  process.on('SIGTERM', () => {}).on('SIGINT', () => {});
  const listeners: ((message: unknown) => void)[] = [];
  const peers: Peers = {
    send: (message) => void sendToPrimary({ forPeers: message }),
    onMessage: (listener) => void listeners.push(listener),
  };
  const listening = await listen(config, { logger, servesMetrics: false, peers });
  if (listening === undefined) process.exit();
  const { gateway } = listening;
  async function sendMetrics(): Promise<void> {
    const metrics = await gateway.readMetrics();
    if (metrics !== undefined) await sendToPrimary(metrics);
  }
  async function stop(): Promise<void> {
    await gateway.close();
    await sendMetrics();
    process.exit(0);
  }
  const answers = { stop, metrics: sendMetrics, ping: () => sendToPrimary('pong') };
  process.on('message', (message: PrimaryMessage) => {
    if (typeof message === 'string') void answers[message]();
    else for (const listener of listeners) listener(message.forPeers);
  });
}

async function sendToPrimary(message: WorkerMessage): Promise<void> {
  await new Promise((done) => process.send?.(message, done));
}

interface Listening {
  readonly gateway: Gateway;
  readonly origin: string;
}

/** @returns undefined after a failure, which is reported */
async function listen(config: Config, options: GatewayOptions): Promise<Listening | undefined> {
  const { createGateway } = await import('./gateway.ts');
  const gateway = await createGateway(config, options).catch((error: unknown) => {
    if (!(error instanceof ConfigurationError)) throw error;
    failWith(error.problems);
  });
  if (gateway === undefined) return undefined;
  // Turns off pretenuring. V8 decides by the first requests, while the young generation is so small that all objects in
  // flight survive, and then allocates such objects in the old space, where each request lives until the next full
  // collection. The flush comes first, because the cache is valid only for the flags of its code.
  module.flushCompileCache();
  setFlagsFromString('--no-allocation-site-pretenuring');
  const origin = await gateway.listen().catch(failWithMessage);
  if (origin !== undefined) return { gateway, origin };
  await gateway.close();
  return undefined;
}

function reportListening(
  { upstream, workers, schemaNames }: Config,
  logger: Logger,
  origin: string,
  metricsOrigin: string | undefined,
  /** Undefined where each worker has a sandbox of its own. */
  sandboxUrl?: string,
): void {
  logger.info(
    {
      url: `${origin}/graphql`,
      ...(upstream.kind === 'bluejay' && routeOf(upstream)),
      upstream: upstream.kind,
      ...(workers > 1 && { workers }),
      ...(metricsOrigin !== undefined && { metrics: `${metricsOrigin}/metrics` }),
    },
    'listening',
  );
  if (upstream.kind === 'sandbox')
    createOutput('stdout').write(sandboxNotice(origin, rootFieldName(schemaNames, 'persona'), sandboxUrl));
}

/** Returns the fields of the log about the route to Bluejay. The origin of a proxy has no credentials. */
function routeOf({ proxy }: BluejayConfig) {
  return proxy === undefined ? { route: 'direct' } : { route: 'proxy', proxy: proxy.origin };
}

/**
 * Logs unhandled errors and rejections, and ends the process, whose state is then unknown. A supervisor, or the primary,
 * starts another one. The logger writes at once, so the line is written before the process ends.
 */
function logCrash(logger: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    logger.fatal({ err: error, origin }, 'crashed');
    process.exit(1);
  });
}

/** Calls `stop` at the first signal. Ends the process at the second one, and when stopping takes too long. */
function onStopSignal(config: Config, logger: Logger, stop: () => void): void {
  const { drainDelayMs } = config;
  let stopping = false;
  const handle = (signal: NodeJS.Signals) => {
    if (stopping) {
      // Explicitly, because the first process of a container has no default action for signals.
      process.exit(128 + constants.signals[signal]);
    }
    stopping = true;
    logger.info({ signal, drainDelayMs }, 'stopping');
    setTimeout(() => {
      logger.error('stopping takes too long: what is left is cut off');
      process.exit(0);
    }, stopTimeoutMs(config)).unref();
    stop();
  };
  process.on('SIGTERM', handle).on('SIGINT', handle);
}

function sandboxNotice(url: string, persona: string, sandboxUrl: string | undefined): string {
  const faults =
    sandboxUrl === undefined
      ? ''
      : `
To see how a failure looks, and to end it:

  curl ${sandboxUrl}/_sandbox/faults -d '{"fault":{"kind":"answer","status":503}}'
  curl ${sandboxUrl}/_sandbox/faults -X DELETE
`;
  return `
No BLUEJAY_API_KEY is set: answering from the embedded sandbox, with invented personas.
Open ${url}/graphql in a browser, or paste:

  curl -s ${url}/graphql -H 'content-type: application/json' \\
    -d '{"query":"{ ${persona}(id: \\"3c90c3cc-0d44-4b50-8888-8dd25736052a\\") { id createdAt name description goal orgId } }"}'
${faults}
`;
}
