import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { UpstreamLoad } from '../../datasources/upstream/index.ts';

const breakerStates = ['closed', 'open', 'half_open'] as const;

export interface StateMetricsOptions {
  readonly registry: Registry;
  /** The prefix of the metrics' names. */
  readonly prefix: string;
  /** The version of the gateway. */
  readonly version: string;
  readonly readLoads: () => readonly UpstreamLoad[];
}

/** Adds gauges that are read at each scrape. */
export function addStateMetrics({ registry, prefix, version, readLoads }: StateMetricsOptions): void {
  const gauge = (name: string, help: string, read: (load: UpstreamLoad) => number) =>
    new Gauge({
      name: prefix + name,
      help,
      labelNames: ['service'],
      registers: [registry],
      collect() {
        for (const load of readLoads()) this.set({ service: load.service }, read(load));
      },
    });
  gauge('upstream_calls_in_flight', 'Calls to a service in flight.', ({ inFlight }) => inFlight);
  gauge('upstream_calls_in_flight_max', 'The most that may be in flight.', ({ maxInFlight }) => maxInFlight);
  gauge('upstream_calls_queued', 'Calls to a service that wait for a place.', ({ queued }) => queued);
  gauge('upstream_calls_queued_max', 'The most that may wait.', ({ maxQueue }) => maxQueue);
  const retryBudget = new Gauge({
    name: `${prefix}upstream_retry_budget_remaining`,
    help: 'Retries that are allowed at the moment to the API key that has the fewest left.',
    labelNames: ['service', 'operation'],
    aggregator: 'min',
    registers: [registry],
    collect() {
      for (const { service, operations } of readLoads()) {
        for (const [operation, { retriesLeft }] of Object.entries(operations)) {
          retryBudget.set({ service, operation }, retriesLeft);
        }
      }
    },
  });
  const breaker = new Gauge({
    name: `${prefix}upstream_breaker_state`,
    help: '1 for the state in which the circuit breaker of an operation is, 0 for the others; of several workers the average.',
    labelNames: ['service', 'operation', 'state'],
    aggregator: 'average',
    registers: [registry],
    collect() {
      for (const { service, operations } of readLoads()) {
        for (const [operation, load] of Object.entries(operations)) {
          for (const state of breakerStates) {
            breaker.set({ service, operation, state }, state === load.breaker ? 1 : 0);
          }
        }
      }
    },
  });
  new Gauge({
    name: `${prefix}build_info`,
    help: 'Always 1; the version is in the label.',
    labelNames: ['version'],
    aggregator: 'max',
    registers: [registry],
  }).set({ version }, 1);
}
