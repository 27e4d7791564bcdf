import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { UpstreamLoad } from '../../datasources/upstream/index.ts';
import { prefix } from './family.ts';

const breakerStates = ['closed', 'open', 'half_open'] as const;

export interface StateMetricsOptions {
  readonly registry: Registry;
  /** Of the gateway. */
  readonly version: string;
  readonly readLoad: () => UpstreamLoad;
}

/** The state of the moment in which somebody scrapes. */
export function addStateMetrics({ registry, version, readLoad }: StateMetricsOptions): void {
  const gauge = (name: string, help: string, read: (load: UpstreamLoad) => number) =>
    new Gauge({
      name: prefix + name,
      help,
      registers: [registry],
      collect() {
        this.set(read(readLoad()));
      },
    });
  gauge('upstream_calls_in_flight', 'Calls to Bluejay in flight.', ({ inFlight }) => inFlight);
  gauge('upstream_calls_in_flight_max', 'The most that may be in flight.', ({ maxInFlight }) => maxInFlight);
  gauge('upstream_calls_queued', 'Calls to Bluejay that wait for a place.', ({ queued }) => queued);
  gauge('upstream_calls_queued_max', 'The most that may wait.', ({ maxQueue }) => maxQueue);
  const retryBudget = new Gauge({
    name: `${prefix}upstream_retry_budget_remaining`,
    help: 'Retries that are allowed at the moment to the API key that has the fewest left.',
    labelNames: ['service', 'operation'],
    aggregator: 'min',
    registers: [registry],
    collect() {
      const { service, operations } = readLoad();
      for (const [operation, { retriesLeft }] of Object.entries(operations)) {
        retryBudget.set({ service, operation }, retriesLeft);
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
      const { service, operations } = readLoad();
      for (const [operation, load] of Object.entries(operations)) {
        for (const state of breakerStates) {
          breaker.set({ service, operation, state }, state === load.breaker ? 1 : 0);
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
