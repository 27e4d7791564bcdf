import cluster from 'node:cluster';
import type { Config } from '../config/index.ts';
import type { Logger } from '../observability/logger.ts';
import { originOf } from '../shared/origin.ts';
import { openUpstream } from '../upstream.ts';
import { startWorkers } from './start-workers.ts';
import type { Workers } from './start-workers.ts';
import type { WorkersMetrics } from './collect-metrics.ts';
import type { WorkerPatience } from './watch-worker.ts';

export interface PrimaryOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** The program that a worker runs. */
  readonly program: string;
  /** How long a worker may be silent before it is killed. @default 10 seconds, and 30 until it listens */
  readonly patience?: WorkerPatience;
  /** Called with the origins of the gateway and of the metrics once the first worker listens. */
  readonly onListening: (origin: string, metricsOrigin: string | undefined) => void;
}

export type Primary = Pick<Workers, 'ended' | 'stop' | 'kill'>;

/**
 * Makes this process the primary, which starts the workers and serves only their metrics.
 *
 * @throws an Error whose message says that the address of the metrics is taken or not this machine's
 */
export async function startPrimary({
  config,
  logger,
  program,
  patience = {},
  onListening,
}: PrimaryOptions): Promise<Primary> {
  // One sandbox for all workers, which use it as they would use Bluejay.
  const upstream = await openUpstream(config.upstream);
  const environment =
    config.upstream.kind === 'sandbox' && upstream.auth.mode === 'service'
      ? { BLUEJAY_BASE_URL: upstream.baseUrl, BLUEJAY_API_KEY: upstream.auth.apiKey }
      : {};
  const metrics = config.metrics && (await openMetrics(() => workers.serving));
  const metricsOrigin = config.metrics && (await metrics?.listen(config.metrics.port, config.metrics.host));
  // The serialization `advanced` preserves NaN, unlike JSON.
  // Workers get no arguments, because the environment configures them.
  cluster.setupPrimary({ exec: program, args: [], serialization: 'advanced' });
  const workers = startWorkers({
    count: config.workers,
    fork() {
      const worker = cluster.fork(environment);
      metrics?.watch(worker);
      return worker;
    },
    logger,
    patience,
    onListening({ port }) {
      onListening(originOf(config.host, port), metricsOrigin);
    },
  });

  async function close(exitCode: number): Promise<number> {
    await upstream.close();
    await metrics?.close();
    return exitCode;
  }
  return { ended: workers.ended.then(close), stop: () => workers.stop(), kill: () => workers.kill() };
}

/** Loads the metrics on demand. */
async function openMetrics(serving: () => Workers['serving']): Promise<WorkersMetrics> {
  const { createWorkersMetrics } = await import('./collect-metrics.ts');
  return createWorkersMetrics(serving);
}
