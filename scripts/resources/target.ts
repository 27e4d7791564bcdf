import { readFileSync } from 'node:fs';
import { readMemoryMb } from '../../bench/programs.ts';
import type { Programs } from '../../bench/programs.ts';
import type { Target } from './scenario.ts';
import { readImage } from '../dockerfile.ts';
import { startUpstream } from './upstream.ts';

interface StartedTarget extends Target {
  stop(): Promise<void>;
}

/** Starts an upstream, and the gateway in front of it as the image starts it. */
export async function startTarget(
  programs: Programs,
  settings: Readonly<Record<string, string>> = {},
): Promise<StartedTarget> {
  const upstream = await startUpstream();
  const { args, environment } = readImage();
  const program = await programs.start('server', (port) => ({
    command: process.execPath,
    args,
    env: {
      ...environment,
      // Attacks stay on this machine.
      HOST: '127.0.0.1',
      PORT: String(port),
      BLUEJAY_AUTH: 'forward',
      BLUEJAY_BASE_URL: upstream.url,
      ...settings,
    },
  }));
  const port = Number(new URL(program.url).port);
  return {
    url: program.url,
    port,
    upstream,
    memory: () => readMemoryMb(program),
    connections: () => readConnections(port),
    async stop() {
      await program.stop();
      await upstream.close();
    },
  };
}

/** Linux's number for a socket that listens. */
const listening = '0A';

/**
 * The connections to a port that a process still holds. A silent client does not notice that its connection was
 * closed, and a connection that only the kernel still holds has no inode.
 *
 * @see https://docs.kernel.org/networking/proc_net_tcp.html
 */
function readConnections(port: number): ReturnType<Target['connections']> {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let count = 0;
  let unreadBytes = 0;
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, address, , state, queues = '', , , , , inode] = line.trim().split(/\s+/);
    if (address !== local || state === listening || inode === '0') continue;
    count += 1;
    unreadBytes += Number.parseInt(queues.split(':')[1] ?? '', 16);
  }
  return { count, unreadBytes };
}
