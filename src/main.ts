#!/usr/bin/env node
import module from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { readCommandLine } from './command-line.ts';
import type { Config } from './config.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import type { Logger } from './observability/logger.ts';
import type { PrimaryMessage } from './workers/messages.ts';
import type { Primary } from './workers/primary.ts';

await readCommandLine(
  {
    name: 'bluejay-graphql',
    summary: 'a GraphQL gateway in front of Bluejay’s customer-persona API',
    readsEnvironment: true,
  },
  process,
);
// Compiled code is kept beside the dependencies, from the installation on (scripts/warm-up.mjs). Where the
// folder cannot be written to, nothing is kept and nothing is said.
module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)));
const { parseConfig } = await import('./config.ts');
const { ConfigurationError } = await import('./configuration-error.ts');
const { openLogger } = await import('./observability/logger.ts');

const result = parseConfig(process.env);
if (result.ok) await run(result.config);
else failWith(result.problems);

function failWith(problems: readonly string[]): void {
  process.stderr.write(`The configuration is wrong:\n${problems.map((line) => `  ${line}\n`).join('')}`);
  process.exitCode = 1;
}

function failWithMessage({ message }: Error): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

async function run(config: Config): Promise<void> {
  const logger = await openLogger(config.log);
  if (config.workers === 1) return runAlone(config, logger);
  // Loaded only here, as it changes how a process listens.
  const { default: cluster } = await import('node:cluster');
  if (cluster.isPrimary) return runPrimary(config, logger);
  return runWorker(config, logger.child({ pid: process.pid }));
}

/** The one process that there is. */
async function runAlone(config: Config, logger: Logger): Promise<void> {
  logCrash(logger);
  /** From the moment that it listens. */
  let listening: Listening | undefined;
  onStopSignal(config, logger, () => {
    // Nobody has been told yet that there is anything to talk to.
    if (listening === undefined) process.exit(0);
    void listening.gateway.close();
  });
  listening = await listen(config, { logger });
  if (listening === undefined) return;
  sayListening(config, logger, listening.origin, listening.gateway.metricsOrigin());
}

/** Serves no request: it keeps the workers up and hands them connections. */
async function runPrimary(config: Config, logger: Logger): Promise<void> {
  logCrash(logger);
  const { startPrimary } = await import('./workers/primary.ts');
  let primary: Primary | undefined;
  onStopSignal(
    config,
    logger,
    () => (primary === undefined ? process.exit(0) : primary.stop()),
    () => primary?.kill(),
  );
  primary = await startPrimary({
    config,
    logger,
    program: fileURLToPath(import.meta.url),
    onListening: (origin, metricsOrigin) => sayListening(config, logger, origin, metricsOrigin),
  }).catch((error: Error) => {
    failWithMessage(error);
    process.exit();
  });
  process.exit(await primary.ended);
}

/** Does what the primary tells it, and counts for the primary to add up. */
async function runWorker(config: Config, logger: Logger): Promise<void> {
  logCrash(logger);
  // A terminal sends them to every process of its group, some supervisors do too: they are for the primary.
  process.on('SIGTERM', () => {}).on('SIGINT', () => {});
  const listening = await listen(config, { logger, servesMetrics: false });
  if (listening === undefined) process.exit();
  const { gateway } = listening;
  async function sendMetrics(): Promise<void> {
    const metrics = await gateway.readMetrics();
    if (metrics !== undefined) await new Promise((done) => process.send?.(metrics, done));
  }
  async function stop(): Promise<void> {
    await gateway.close();
    await sendMetrics();
    process.exit(0);
  }
  process.on('message', (message: PrimaryMessage) => void (message === 'stop' ? stop() : sendMetrics()));
}

interface Listening {
  readonly gateway: Gateway;
  readonly origin: string;
}

/** @returns undefined where it cannot, and has said why */
async function listen(config: Config, options: GatewayOptions): Promise<Listening | undefined> {
  const { createGateway } = await import('./gateway.ts');
  const gateway = await createGateway(config, options).catch((error: unknown) => {
    if (!(error instanceof ConfigurationError)) throw error;
    failWith(error.problems);
  });
  if (gateway === undefined) return undefined;
  // V8 looks at the first requests, while the young generation is still as small as what is in flight, finds that
  // all of it survives, and from then on allocates such objects old: every request would live until the next
  // full collection. Code that was compiled before is kept under the flags as they were.
  module.flushCompileCache();
  setFlagsFromString('--no-allocation-site-pretenuring');
  const origin = await gateway.listen().catch(failWithMessage);
  if (origin !== undefined) return { gateway, origin };
  await gateway.close();
  return undefined;
}

function sayListening(
  { upstream, workers }: Config,
  logger: Logger,
  origin: string,
  metricsOrigin: string | undefined,
): void {
  logger.info(
    {
      url: `${origin}/graphql`,
      upstream: upstream.kind,
      ...(workers > 1 && { workers }),
      ...(metricsOrigin !== undefined && { metrics: `${metricsOrigin}/metrics` }),
    },
    'listening',
  );
  if (upstream.kind === 'sandbox') process.stdout.write(sandboxNotice(origin));
}

/**
 * Rejections that nobody handles come here too. What state the process is in is unknown: a supervisor, or the
 * primary, is to start another one. The logger writes synchronously, so the line is out before the process ends.
 */
function logCrash(logger: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    logger.fatal({ err: error, origin }, 'crashed');
    process.exit(1);
  });
}

/** @param onSecond what is to end with the process when it is told once more */
function onStopSignal(
  { drainDelayMs }: Config,
  logger: Logger,
  stop: () => void,
  onSecond: () => void = () => {},
): void {
  let stopping = false;
  const handle = (signal: NodeJS.Signals) => {
    if (stopping) {
      onSecond();
      // By hand: as the first process of a container it has no default action.
      process.exit(128 + constants.signals[signal]);
    }
    stopping = true;
    logger.info({ signal, drainDelayMs }, 'stopping');
    stop();
  };
  process.on('SIGTERM', handle).on('SIGINT', handle);
}

function sandboxNotice(url: string): string {
  return `
No BLUEJAY_API_KEY is set: answering from the embedded sandbox, with invented personas.
Open ${url}/graphql in a browser, or paste:

  curl -s ${url}/graphql -H 'content-type: application/json' \\
    -d '{"query":"{ persona(id: \\"3c90c3cc-0d44-4b50-8888-8dd25736052a\\") { id createdAt name description goal orgId } }"}'

`;
}
