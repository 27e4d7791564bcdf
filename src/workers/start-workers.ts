import type { Address, Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../observability/logger.ts';
import { isForPeers } from './messages.ts';
import type { PrimaryMessage, WorkerMessage } from './messages.ts';
import { planRestart } from './plan-restart.ts';
import { watchWorker } from './watch-worker.ts';
import type { WorkerPatience } from './watch-worker.ts';

export interface WorkersOptions {
  readonly count: number;
  readonly fork: () => Worker;
  readonly logger: Logger;
  readonly patience: WorkerPatience;
  /** Called with the address of the first worker that listens; all workers share it. */
  readonly onListening: (address: Address) => void;
}

export interface Workers {
  /** The workers that listen. */
  readonly serving: ReadonlySet<Worker>;
  /** Resolves with the exit code once all workers have ended and none will be started. */
  readonly ended: Promise<number>;
  /** Stops each worker as a single process stops. Workers that do not listen yet end at once. */
  stop(): void;
  /** Ends all workers at once. */
  kill(): void;
}

/** Starts one worker and, when it listens, the others. Kills workers that hang, and replaces workers that end. */
export function startWorkers(options: WorkersOptions): Workers {
  const { count, fork, logger, patience, onListening } = options;
  const alive = new Set<Worker>();
  const serving = new Set<Worker>();
  const stopping = new AbortController();
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();

  function start(failures: number): Worker {
    const startedAt = performance.now();
    const worker = fork();
    alive.add(worker);
    watchWorker(worker, patience, () => {
      logger.error({ pid: worker.process.pid }, 'worker hangs');
      worker.process.kill('SIGKILL');
    });
    worker.on('message', (message: WorkerMessage) => {
      if (!isForPeers(message)) return;
      // One that does not listen yet has read nothing, or is about to.
      for (const peer of alive) if (peer !== worker) peer.send(message, () => {});
    });
    worker.once('listening', () => {
      serving.add(worker);
      logger.info({ pid: worker.process.pid }, 'worker listening');
    });
    worker.once('exit', (exitCode, signal) => {
      alive.delete(worker);
      const hasServed = serving.delete(worker);
      if (stopping.signal.aborted) {
        if (alive.size === 0) end(0);
        return;
      }
      logger.error({ pid: worker.process.pid, exitCode, signal }, 'worker ended');
      // Another worker would probably fail, too. Ending makes it visible that nothing is served.
      if (!hasServed && serving.size === 0) return giveUp();
      const restart = planRestart(failures, performance.now() - startedAt);
      delay(restart.delayMs, undefined, { signal: stopping.signal }).then(
        () => start(restart.failures),
        () => {},
      );
    });
    return worker;
  }

  function giveUp(): void {
    stopping.abort();
    kill();
    end(1);
  }

  function kill(): void {
    for (const worker of alive) worker.process.kill('SIGKILL');
  }

  // Starts one worker first, so that a common failure is reported once. `onListening` is called before the other listeners.
  start(0).prependOnceListener('listening', (address) => {
    onListening(address);
    if (stopping.signal.aborted) return;
    for (let number = 1; number < count; number += 1) start(0);
  });

  return {
    serving,
    ended,
    stop() {
      stopping.abort();
      if (alive.size === 0) end(0);
      for (const worker of alive) {
        if (serving.has(worker)) worker.send('stop' satisfies PrimaryMessage, () => {});
        else worker.process.kill('SIGKILL');
      }
    },
    kill,
  };
}
