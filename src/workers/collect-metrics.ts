import type { Worker } from 'node:cluster';
import { on } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { metricsPrefix } from '../config/program.ts';
import { createMetricsAggregate } from '../observability/metrics/aggregate.ts';
import { createMetricsServer } from '../observability/metrics/metrics-server.ts';
import type { MetricsServer } from '../observability/metrics/metrics-server.ts';
import type { PrimaryMessage, WorkerMessage } from './messages.ts';

/** The longest that a scrape waits for a worker; one that is late is counted as it was last seen. */
const timeoutMs = 1_000;
/** No worker's id. */
const primary = 0;

/** Serves the metrics of all workers together, and of this process. */
export interface WorkersMetrics extends MetricsServer {
  /** From its start on. */
  watch(worker: Worker): void;
}

/** @param serving the workers to ask when somebody scrapes */
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
        if (message !== 'pong') aggregate.update(worker.id, message);
      });
      // Later than 'exit': when all that the worker had sent was read.
      worker.once('disconnect', () => aggregate.end(worker.id));
    },
    ...createMetricsServer(collect),
  };
}

/** Waits until the worker has sent its metrics, or is late, or gone perhaps. */
async function ask(worker: Worker): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  worker.send('metrics' satisfies PrimaryMessage, () => {});
  await Promise.race([receiveSnapshot(worker, signal), delay(timeoutMs, undefined, { signal })]);
  waiting.abort();
}

async function receiveSnapshot(worker: Worker, signal: AbortSignal): Promise<void> {
  for await (const [message] of on(worker, 'message', { signal }) as AsyncIterable<[WorkerMessage]>) {
    if (message !== 'pong') return;
  }
}
