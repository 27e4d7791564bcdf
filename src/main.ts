#!/usr/bin/env node
import { enableCompileCache, flushCompileCache } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import type { Config } from './config.ts';
import type { Gateway } from './gateway.ts';

// Compiled code is kept beside the dependencies, from the installation on (scripts/warm-up.mjs). Where the
// folder cannot be written to, nothing is kept and nothing is said.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)));
const { parseConfig } = await import('./config.ts');
const { createGateway } = await import('./gateway.ts');
const { ConfigurationError } = await import('./configuration-error.ts');
const { openLogger } = await import('./observability/logger.ts');

const result = parseConfig(process.env);
if (result.ok) await run(result.config);
else failWith(result.problems);

function failWith(problems: readonly string[]): void {
  process.stderr.write(`The configuration is wrong:\n${problems.map((line) => `  ${line}\n`).join('')}`);
  process.exitCode = 1;
}

async function run(config: Config): Promise<void> {
  const logger = await openLogger(config.log);
  // Rejections that nobody handles come here too. What state the process is in is unknown: a supervisor is to
  // start another one. The logger writes synchronously, so the line is out before the process ends.
  process.on('uncaughtException', (error, origin) => {
    logger.fatal({ err: error, origin }, 'crashed');
    process.exit(1);
  });
  /** From the moment that it listens. */
  let listening: Gateway | undefined;
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // A second signal ends the process by hand: as the first process of a container it has no default action.
    if (stopping) process.exit(128 + constants.signals[signal]);
    stopping = true;
    logger.info({ signal, drainDelayMs: config.drainDelayMs }, 'stopping');
    // Nobody has been told yet that there is anything to talk to.
    if (listening === undefined) process.exit(0);
    void listening.close();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);

  const gateway = await createGateway(config, { logger }).catch((error: unknown) => {
    if (!(error instanceof ConfigurationError)) throw error;
    failWith(error.problems);
  });
  if (gateway === undefined) return;
  // V8 looks at the first requests, while the young generation is still as small as what is in flight, finds that
  // all of it survives, and from then on allocates such objects old: every request would live until the next
  // full collection. Code that was compiled before is kept under the flags as they were.
  flushCompileCache();
  setFlagsFromString('--no-allocation-site-pretenuring');
  const url = await gateway.listen().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
  if (url === undefined) return gateway.close();
  listening = gateway;

  const metricsOrigin = gateway.metricsOrigin();
  logger.info(
    {
      url: `${url}/graphql`,
      upstream: config.upstream.kind,
      ...(metricsOrigin !== undefined && { metrics: `${metricsOrigin}/metrics` }),
    },
    'listening',
  );
  if (config.upstream.kind === 'sandbox') process.stdout.write(sandboxNotice(url));
}

function sandboxNotice(url: string): string {
  return `
No BLUEJAY_API_KEY is set: answering from the embedded sandbox, with invented personas.
Open ${url}/graphql in a browser, or paste:

  curl -s ${url}/graphql -H 'content-type: application/json' \\
    -d '{"query":"{ persona(id: \\"3c90c3cc-0d44-4b50-8888-8dd25736052a\\") { id createdAt name description goal orgId } }"}'

`;
}
