// Starts the gateway once after an installation to fill the compile cache, so that the first start is as fast as later
// ones: `node scripts/warm-up.mjs [program]`, by default from the source. It never fails an installation: without the
// cache a start only takes longer.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const [program = 'src/main.ts'] = process.argv.slice(2);
const [major = '0'] = process.versions.node.split('.');
// The machine's own Node.js may be older than the one that runs the gateway.
if (Number(major) >= 24) await warmUp().catch(() => undefined);

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
