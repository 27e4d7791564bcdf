import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { BluejayLoad } from '../../datasources/bluejay/index.ts';
import { prefix } from './family.ts';

const breakerStates = ['closed', 'open', 'half_open'] as const;

export interface StateMetricsOptions {
  readonly registry: Registry;
  /** Of the gateway. */
  readonly version: string;
  readonly readLoad: () => BluejayLoad;
}

/** The state of the moment in which somebody scrapes. */
export function addStateMetrics({ registry, version, readLoad }: StateMetricsOptions): void {
  const gauge = (name: string, help: string, read: (load: BluejayLoad) => number) =>
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
    labelNames: ['operation'],
    aggregator: 'min',
    registers: [registry],
    collect() {
      for (const [operation, { retriesLeft }] of Object.entries(readLoad().operations)) {
        retryBudget.set({ operation }, retriesLeft);
      }
    },
  });
  const breaker = new Gauge({
    name: `${prefix}upstream_breaker_state`,
    help: '1 for the state in which the circuit breaker of an operation is, 0 for the others; of several workers the average.',
    labelNames: ['operation', 'state'],
    aggregator: 'average',
    registers: [registry],
    collect() {
      for (const [operation, load] of Object.entries(readLoad().operations)) {
        for (const state of breakerStates) breaker.set({ operation, state }, state === load.breaker ? 1 : 0);
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
