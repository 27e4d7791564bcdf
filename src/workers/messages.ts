import type { MetricsSnapshot } from '../observability/metrics/aggregate.ts';

/** What the primary sends a worker. A worker answers `metrics` with a snapshot and `ping` with `pong`. */
export type PrimaryMessage = 'stop' | 'metrics' | 'ping';

/** What a worker sends the primary. */
export type WorkerMessage = MetricsSnapshot | 'pong';
