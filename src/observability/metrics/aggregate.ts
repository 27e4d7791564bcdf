import { AggregatorRegistry } from 'prom-client';
import type { MetricObjectWithValues, MetricValue } from 'prom-client';

type Metric = MetricObjectWithValues<MetricValue<string> & { metricName?: string }>;

/** The metrics of one process at one moment. */
export type MetricsSnapshot = readonly Metric[];

/** Adds up the metrics of several processes, each by its own `aggregator`. */
export interface MetricsAggregate {
  /** @param source the process; its former snapshot is forgotten */
  update(source: number, snapshot: MetricsSnapshot): void;
  /**
   * The process is gone. What it has counted stays in the sums: Prometheus would take a sum that falls for a
   * process that has begun anew, and count all the others' once more.
   */
  end(source: number): void;
  /** In Prometheus' text format. */
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
      // The metrics of this registry are plain objects with their values in them.
      ended = AggregatorRegistry.aggregate([ended, counted]).getMetricsAsArray() as Metric[];
    },
    print: () => AggregatorRegistry.aggregate([...latest.values(), ended]).metrics(),
  };
}

/** The enum of prom-client's types is no word of its snapshots. */
function isCounted(type: unknown): boolean {
  return type === 'counter' || type === 'histogram';
}

/** An event loop that is late is not made up for by others, and the last start of a process is what matters. */
function withOwnAggregator(metric: Metric): Metric {
  return /^(nodejs_eventloop_lag_(?!min)|process_start_time_seconds$)/.test(metric.name)
    ? { ...metric, aggregator: 'max' }
    : metric;
}

/** What a process had in flight when it ended was aborted, or it would seem to be in flight for ever. */
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
