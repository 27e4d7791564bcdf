import type { Worker } from 'node:cluster';
import { on } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { metricsPrefix } from '../config/program.ts';
import { createMetricsAggregate } from '../observability/metrics/aggregate.ts';
import { createMetricsServer } from '../observability/metrics/metrics-server.ts';
import type { MetricsServer } from '../observability/metrics/metrics-server.ts';
import { isSnapshot } from './messages.ts';
import type { PrimaryMessage, WorkerMessage } from './messages.ts';

/** The longest that a scrape waits for a worker, whose former snapshot is used then. */
const timeoutMs = 1_000;
/** The number of the primary; workers count from 1. */
const primary = 0;

/** Serves the aggregated metrics of all workers and of this process. */
export interface WorkersMetrics extends MetricsServer {
  /** Collects the metrics of a worker; to be called at its start. */
  watch(worker: Worker): void;
}

/**
 * Creates the server of the aggregated metrics.
 *
 * @param serving returns the workers to request snapshots from at a scrape
 */
export function createWorkersMetrics(serving: () => Iterable<Worker>): WorkersMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const aggregate = createMetricsAggregate(metricsPrefix);

  async function collect(): Promise<string> {
    await Promise.all(Array.from(serving(), ask));
    aggregate.update(primary, await registry.getMetricsAsJSON());
    return aggregate.print();
  }

  return {
    watch(worker) {
      worker.on('message', (message: WorkerMessage) => {
        if (isSnapshot(message)) aggregate.update(worker.id, message);
      });
      // 'disconnect' follows 'exit' and all messages of the worker.
      worker.once('disconnect', () => aggregate.end(worker.id));
    },
    ...createMetricsServer(collect),
  };
}

/** Requests a snapshot, and waits for it until the timeout; a worker that has ended sends none. */
async function ask(worker: Worker): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  worker.send('metrics' satisfies PrimaryMessage, () => {});
  await Promise.race([receiveSnapshot(worker, signal), delay(timeoutMs, undefined, { signal })]);
  waiting.abort();
}

async function receiveSnapshot(worker: Worker, signal: AbortSignal): Promise<void> {
  for await (const [message] of on(worker, 'message', { signal }) as AsyncIterable<[WorkerMessage]>) {
    if (isSnapshot(message)) return;
  }
}
