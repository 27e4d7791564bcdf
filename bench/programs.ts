// The programs of a benchmark: started on the core they belong to, and ended with the benchmark.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where a program runs when cores are pinned: the server alone on one, whatever serves it or asks it on the other. */
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
   * @param commandFor gets the free port that the program has to listen on
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

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Linux counts a process' time in hundredths of a second, on every machine that Node.js runs on. */
const ticksPerSecond = 100;

/** The CPU time that a process has used in all its threads, in microseconds, by Linux's /proc. */
export function readCpuMicros({ process: child }: Program): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  // The second field, the program's name, may hold blanks: count from behind it. utime is the 14th, stime the 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}

/** A process' resident memory now and at its highest, in megabytes. */
export function readMemoryMb({ process: child }: Program): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const read = (name: string) => (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}
