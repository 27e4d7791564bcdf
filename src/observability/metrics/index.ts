import { collectDefaultMetrics, Registry } from 'prom-client';
import type { UpstreamEvents, UpstreamLoad } from '../../datasources/upstream/index.ts';
import type { DataSourcesEvents } from '../../datasources/index.ts';
import type { ServerEvents } from '../events.ts';
import type { MetricsSnapshot } from './aggregate.ts';
import { createMetricsServer } from './metrics-server.ts';
import type { MetricsServer } from './metrics-server.ts';
import { createServerMetrics } from './server-metrics.ts';
import { addStateMetrics } from './state-metrics.ts';
import { createUpstreamMetrics } from './upstream-metrics.ts';

export interface MetricsOptions {
  /** Of the metrics' names. */
  readonly prefix: string;
  /** Of the gateway. */
  readonly version: string;
  /** All that can be in an answer. */
  readonly errorCodes: readonly string[];
  /** How much each service has to do. */
  readonly readLoads: () => readonly UpstreamLoad[];
}

/** Prometheus metrics of one gateway, of Node.js and of the process. No key, id or host is in a label. */
export interface Metrics extends MetricsServer {
  /** Tell these of everything that happens at the door. */
  readonly events: ServerEvents;
  /**
   * What to tell of everything that happens between the gateway and a service.
   *
   * @param operations are counted from the start, so that their series begin at 0
   */
  eventsOf(service: string, operations: readonly string[]): UpstreamEvents & DataSourcesEvents;
  /** All of them as they are now, for a process that adds up those of several. */
  read(): Promise<MetricsSnapshot>;
}

export function createMetrics({ prefix, version, errorCodes, readLoads }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addStateMetrics({ registry, prefix, version, readLoads });
  return {
    events: createServerMetrics(registry, prefix, errorCodes),
    eventsOf: (service, operations) => createUpstreamMetrics(registry, prefix, service, operations),
    read: () => registry.getMetricsAsJSON(),
    ...createMetricsServer(() => registry.metrics()),
  };
}
