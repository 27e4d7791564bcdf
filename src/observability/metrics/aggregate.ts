import { AggregatorRegistry } from 'prom-client';
import type { MetricObjectWithValues, MetricValue } from 'prom-client';

type Metric = MetricObjectWithValues<MetricValue<string> & { metricName?: string }>;

/** The metrics of one process at one moment. */
export type MetricsSnapshot = readonly Metric[];

/** Adds up the metrics of several processes, each by its own `aggregator`. */
export interface MetricsAggregate {
  /**
   * Replaces the snapshot of a process.
   *
   * @param source the number of the process
   */
  update(source: number, snapshot: MetricsSnapshot): void;
  /**
   * Ends a process. Its counts stay in the sums, because Prometheus takes a falling sum for a restart, and would count the
   * values of all other processes again.
   */
  end(source: number): void;
  /** Returns the sums in Prometheus' text format. */
  print(): Promise<string>;
}

/** @param prefix of the metrics' names */
export function createMetricsAggregate(prefix: string): MetricsAggregate {
  const latest = new Map<number, MetricsSnapshot>();
  let ended: MetricsSnapshot = [];
  return {
    update(source, snapshot) {
      latest.set(source, snapshot.map(withOwnAggregator));
    },
    end(source) {
      const last = latest.get(source) ?? [];
      latest.delete(source);
      const counted = last.filter(({ type }) => isCounted(type)).map(abortRequests(prefix, last));
      // The metrics of this registry are snapshots themselves.
      ended = AggregatorRegistry.aggregate([ended, counted]).getMetricsAsArray() as Metric[];
    },
    print: () => AggregatorRegistry.aggregate([...latest.values(), ended]).metrics(),
  };
}

/** Returns whether the values of a type only grow. Snapshots have the type as a string, unlike prom-client's enum. */
function isCounted(type: unknown): boolean {
  return type === 'counter' || type === 'histogram';
}

/** Aggregates delays of the event loop and start times by their maximum; a sum of them has no meaning. */
function withOwnAggregator(metric: Metric): Metric {
  return /^(nodejs_eventloop_lag_(?!min)|process_start_time_seconds$)/.test(metric.name)
    ? { ...metric, aggregator: 'max' }
    : metric;
}

/** Counts the requests that were in flight when a process ended as aborted, so that they do not stay in flight. */
function abortRequests(prefix: string, snapshot: MetricsSnapshot): (metric: Metric) => Metric {
  const durations = `${prefix}http_request_duration_seconds`;
  const sum = (name: string, metricName = name) =>
    (snapshot.find((metric) => metric.name === name)?.values ?? [])
      .filter((value) => value.metricName === metricName)
      .reduce((total, { value }) => total + value, 0);
  const inFlight = sum(`${prefix}http_requests_started_total`) - sum(durations, `${durations}_count`);
  const labels = { route: 'unknown', method: 'other', status: 'aborted' };
  return (metric) =>
    metric.name !== durations || inFlight === 0
      ? metric
      : {
          ...metric,
          values: [
            ...metric.values,
            { metricName: `${durations}_bucket`, labels: { ...labels, le: '+Inf' }, value: inFlight },
            { metricName: `${durations}_sum`, labels, value: 0 },
            { metricName: `${durations}_count`, labels, value: inFlight },
          ],
        };
}
