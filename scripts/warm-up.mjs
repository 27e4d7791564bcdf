// Starts the gateway once to fill the compile cache, so that the first start of an image is as fast as later ones:
// `node scripts/warm-up.mjs build/main.js`. It never fails a build: without the cache a start only takes longer.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const [program] = process.argv.slice(2);
await warmUp().catch(() => undefined);

async function warmUp() {
  const gateway = spawn(process.execPath, [program], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    // With the embedded sandbox, on a free port.
    env: { PATH: process.env['PATH'], PORT: '0', LOG_FORMAT: 'json', DRAIN_DELAY_MS: '0' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const timer = setTimeout(() => gateway.kill('SIGKILL'), 30_000);
  const exited = once(gateway, 'exit');
  // The gateway flushes the cache before it logs that it listens.
  gateway.stdout.once('data', () => gateway.kill('SIGTERM'));
  await exited;
  clearTimeout(timer);
}
