import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below 32768, from where Linux takes the ports of outgoing connections: such a port may be in use by the time a program
 * listens on it.
 */
const [firstPort, endOfPorts] = [10_240, 32_768];
const portsPerWorker = 1024;

const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % ((endOfPorts - firstPort) / portsPerWorker);
const firstOfWorker = firstPort + worker * portsPerWorker;
let taken = Math.floor(Math.random() * portsPerWorker);

/** A port on which nothing listens, and that no other test of this run gets. */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < portsPerWorker; tries += 1) {
    taken += 1;
    const port = firstOfWorker + (taken % portsPerWorker);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port is free from ${firstOfWorker} to ${firstOfWorker + portsPerWorker - 1}.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}
