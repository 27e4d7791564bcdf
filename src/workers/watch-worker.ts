import type { Worker } from 'node:cluster';
import type { PrimaryMessage } from './messages.ts';

/** How long a worker may be silent, counted in intervals: see `watchWorker`. */
export interface WorkerPatience {
  /** How often a worker is sent a `ping`, in milliseconds. @default 1000 */
  readonly intervalMs?: number;
  /** The intervals without a message after which a worker that listens counts as hung. @default 10 */
  readonly maxSilentIntervals?: number;
  /** The intervals after which a worker that does not listen yet counts as hung. @default 30 */
  readonly maxStartIntervals?: number;
}

/**
 * Calls `onHang` once when a worker is silent for too long, because it is stopped or its event loop is blocked.
 *
 * Counts ticks of the primary's own timer instead of reading a clock: after a sleep of the machine, or a stop of the
 * primary, all workers would seem late at once.
 */
export function watchWorker(
  worker: Worker,
  { intervalMs = 1_000, maxSilentIntervals = 10, maxStartIntervals = 30 }: WorkerPatience,
  onHang: () => void,
): void {
  let silentIntervals = 0;
  let isListening = false;
  const timer = setInterval(() => {
    if (silentIntervals >= (isListening ? maxSilentIntervals : maxStartIntervals)) {
      clearInterval(timer);
      return onHang();
    }
    silentIntervals += 1;
    if (isListening) worker.send('ping' satisfies PrimaryMessage, () => {});
  }, intervalMs);
  worker.once('listening', () => {
    isListening = true;
    silentIntervals = 0;
  });
  worker.on('message', () => {
    silentIntervals = 0;
  });
  worker.once('exit', () => clearInterval(timer));
}
