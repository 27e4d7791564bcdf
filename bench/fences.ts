// How long other replicas take to hear of a write: `npm run bench:fences` prints it for publish and subscribe, which the
// gateway uses, and for CLIENT TRACKING, which it could use. Needs redis-server. Both listeners are plain sockets, so that
// no client library counts; what a write costs Redis is measured with as many listeners as there may be replicas.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { findFreePort } from '../test/support/ports.ts';

const writes = 2_000;
const replicas = 20;
const prefix = 'bench:';

const port = await findFreePort();
const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
while (!String((await once(redis.stdout, 'data'))[0]).includes('Ready to accept')) continue;
const writer = await open();

process.stdout.write(`${writes} writes, ${replicas} replicas that listen, Redis on the same machine\n\n`);
for (const [name, listen, command] of [
  ['PUBLISH', 'SUBSCRIBE channel', (write: number) => `PUBLISH channel ${prefix}${write}`],
  [
    'CLIENT TRACKING',
    `CLIENT TRACKING ON BCAST PREFIX ${prefix}`,
    (write: number) => `SET ${prefix}1 ${write}`,
  ],
] as const) {
  // oxlint-disable-next-line no-await-in-loop -- one after the other, or they would disturb each other
  const delays = await measure(listen, command);
  delays.sort((a, b) => a - b);
  const at = (share: number) => `${((delays[Math.floor(delays.length * share)] ?? 0) * 1_000).toFixed(0)} µs`;
  process.stdout.write(`${name.padEnd(16)} median ${at(0.5)}, 99 % ${at(0.99)}\n`);
}
writer.destroy();
redis.kill();

/** From the moment that the writer has its reply to the one at which the last replica has heard. */
async function measure(listen: string, command: (write: number) => string): Promise<number[]> {
  const listeners = await Promise.all(
    Array.from({ length: replicas }, async () => {
      const socket = await open();
      socket.write('HELLO 3\r\n');
      await once(socket, 'data');
      socket.write(`${listen}\r\n`);
      await once(socket, 'data');
      return socket;
    }),
  );
  const delays: number[] = [];
  for (let write = 0; write < writes; write += 1) {
    const heard = Promise.all(listeners.map((socket) => once(socket, 'data')));
    writer.write(`${command(write)}\r\n`);
    // oxlint-disable-next-line no-await-in-loop
    await once(writer, 'data');
    const repliedAt = performance.now();
    // oxlint-disable-next-line no-await-in-loop
    await heard;
    delays.push(performance.now() - repliedAt);
  }
  for (const socket of listeners) socket.destroy();
  return delays;
}

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  return socket;
}
