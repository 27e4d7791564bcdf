import type { MetricsSnapshot } from '../observability/metrics/aggregate.ts';

/** What the primary sends a worker. A worker answers `metrics` with a snapshot and `ping` with `pong`. */
export type PrimaryMessage = 'stop' | 'metrics' | 'ping' | ForPeers;

/** What a worker sends the primary. */
export type WorkerMessage = MetricsSnapshot | 'pong' | ForPeers;

/** What one worker says to all others, by way of the primary: see `Peers`. */
export interface ForPeers {
  readonly forPeers: unknown;
}

export function isForPeers(message: PrimaryMessage | WorkerMessage): message is ForPeers {
  return typeof message === 'object' && 'forPeers' in message;
}

export function isSnapshot(message: WorkerMessage): message is MetricsSnapshot {
  return message !== 'pong' && !isForPeers(message);
}
