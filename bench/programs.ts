// Starts the programs of a benchmark on their cores, and ends them with the benchmark.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../test/support/ports.ts';

/** Where a program runs when cores are pinned: the server alone on one core, the upstream and the load on the other. */
type Role = 'server' | 'helper';

export interface Program {
  readonly process: ChildProcess;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** From its start until it took a connection, in milliseconds. */
  readonly startMs: number;
  stop(): Promise<void>;
}

export interface Programs {
  /** Whether each role has a core of its own. */
  readonly isPinned: boolean;
  /**
   * Starts a program and waits until it listens.
   *
   * @param commandFor gets the free port for the program to listen on
   */
  start(role: Role, commandFor: (port: number) => Command): Promise<Program>;
}

interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const cores: { readonly [Name in Role]: string } = { server: '0', helper: '1' };

/** @param options.pin gives each role a core of its own where `taskset` can, this process included */
export function createPrograms({ pin }: { readonly pin: boolean }): Programs {
  const isPinned = pin && canPin();
  if (isPinned) execFileSync('taskset', ['-a', '-c', '-p', cores.helper, String(process.pid)]);
  const running = new Set<ChildProcess>();
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
  process.once('SIGTERM', () => process.exit(143)).once('SIGINT', () => process.exit(130));

  async function start(role: Role, commandFor: (port: number) => Command): Promise<Program> {
    const port = await findFreePort();
    const { command, args, env, cwd } = commandFor(port);
    const startedAt = performance.now();
    const pinned = isPinned ? ['taskset', '-c', cores[role]] : [];
    const [program = '', ...rest] = [...pinned, command, ...args];
    const child = spawn(program, rest, {
      env: { PATH: process.env['PATH'], ...env },
      cwd,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    running.add(child);
    const exited = once(child, 'exit').then(() => running.delete(child));
    while (!(await acceptsConnections(port))) {
      if (!running.has(child)) throw new Error(`${command} ${args.join(' ')} ended before it listened.`);
      if (performance.now() - startedAt > 20_000) throw new Error(`${command} does not listen after 20 s.`);
      await sleep(1);
    }
    return {
      process: child,
      url: `http://127.0.0.1:${port}`,
      startMs: performance.now() - startedAt,
      async stop() {
        child.kill('SIGKILL');
        await exited;
      },
    };
  }

  return { isPinned, start };
}

function canPin(): boolean {
  return (
    availableParallelism() >= 2 &&
    Object.values(cores).every((core) => spawnSync('taskset', ['-c', core, 'true']).status === 0)
  );
}

function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

export interface CpuUsage {
  /** What all threads have used, in microseconds. */
  readonly usedMicros: number;
  /** How long the main thread could have run but had to wait for the core, in microseconds. */
  readonly waitedMicros: number;
}

type RunningProcess = { readonly process: { readonly pid?: number | undefined } };

/** The CPU time of a process and of those that it has started, so far, in microseconds. */
export function readTreeCpuMicros(program: RunningProcess): number {
  const { pid } = program.process;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.reduce(
    (sum, child) => sum + readTreeCpuMicros({ process: { pid: Number(child) } }),
    readCpuUsage(program).usedMicros,
  );
}

/**
 * The CPU time of a process so far, by Linux's count of each thread, which is exact where `/proc/PID/stat` is in
 * hundredths of a second.
 *
 * @see https://docs.kernel.org/scheduler/sched-stats.html
 */
export function readCpuUsage({ process: { pid } }: RunningProcess): CpuUsage {
  const read = (thread: string | undefined) => {
    const [used, waited] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
    return { usedMicros: Number(used) / 1e3, waitedMicros: Number(waited) / 1e3 };
  };
  let usedMicros = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) usedMicros += read(thread).usedMicros;
  return { usedMicros, waitedMicros: read(String(pid)).waitedMicros };
}

/** A process' resident memory now and at its highest, in megabytes. */
export function readMemoryMb({ process: child }: RunningProcess): {
  readonly now: number;
  readonly peak: number;
} {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const read = (name: string) => (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}
