import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { programs } from '../support/programs.ts';

export interface Replica {
  /** Its origin. */
  readonly url: string;
  /** @returns the exit code, or null after a signal that it did not handle */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts the gateway as a process of its own, on any free port. */
export async function startReplica(environment: Readonly<Record<string, string>>): Promise<Replica> {
  const child = spawn(process.execPath, [programs.gateway], {
    // A busy machine is no overload of the replica's.
    env: { NODE_ENV: 'production', PORT: '0', MAX_QUEUE_DELAY_MS: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  // The first line says where it listens; the others are read so that the pipe does not fill up.
  const [line] = (await Promise.race([once(child.stdout, 'data'), exited])) as [Buffer | number | null];
  if (!Buffer.isBuffer(line)) throw new Error(`The gateway did not start: exit code ${line}`);
  child.stdout.resume();
  const { url } = JSON.parse(line.toString().split('\n', 1)[0] ?? '') as { url: string };
  return {
    url: new URL(url).origin,
    async stop(signal) {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}
