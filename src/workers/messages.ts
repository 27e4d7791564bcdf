/** What the primary tells a worker, or asks it for. A worker's only message is a `MetricsSnapshot`. */
export type PrimaryMessage = 'stop' | 'metrics';
