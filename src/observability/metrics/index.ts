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
  /** The prefix of the metrics' names. */
  readonly prefix: string;
  /** The version of the gateway. */
  readonly version: string;
  /** All codes that an answer can have. */
  readonly errorCodes: readonly string[];
  /** Returns the load of each service. */
  readonly readLoads: () => readonly UpstreamLoad[];
}

/** Prometheus metrics of one gateway, of Node.js and of the process. No label holds a key, an id or a host. */
export interface Metrics extends MetricsServer {
  /** Listeners for the events of the server. */
  readonly events: ServerEvents;
  /**
   * Creates listeners for the events of a service.
   *
   * @param operations all operations of the service; their series begin at 0
   */
  eventsOf(service: string, operations: readonly string[]): UpstreamEvents & DataSourcesEvents;
  /** Returns a snapshot, for a process that aggregates several. */
  read(): Promise<MetricsSnapshot>;
}

/** Creates the metrics of one gateway in a registry of their own. */
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
