// Starts the sandbox, the gateway in front of it, and the page. Plain JavaScript: the Node.js on PATH may be too old
// for TypeScript, and the gateway runs on the one that its repository brings.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const here = fileURLToPath(new URL('./', import.meta.url));
const node = `${root}node_modules/.bin/node`;
if (!existsSync(node)) {
  console.error('The gateway is not installed: run `npm ci` in the root of the repository first.');
  process.exit(1);
}

const { PORT: port = '4000', SANDBOX_PORT: sandboxPort = '4010', WEB_PORT: webPort = '5173' } = process.env;
const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
const gatewayUrl = `http://127.0.0.1:${port}`;

/** @type {import('node:child_process').ChildProcess[]} */
const children = [];

/**
 * Starts a program that ends with the others. In a process group of its own, so that Ctrl-C reaches it once, through
 * `stop`: a second signal makes the gateway drop what it is answering.
 */
function start(command, args, env, stdio) {
  const child = spawn(command, args, { cwd: here, env: { ...process.env, ...env }, stdio, detached: true });
  child.once('exit', (code) => stop(code ?? 0));
  child.once('error', (error) => {
    console.error(error.message);
    stop(1);
  });
  children.push(child);
}

let isStopping = false;
function stop(code) {
  if (isStopping) return;
  isStopping = true;
  process.exitCode = code;
  for (const child of children) child.kill('SIGTERM');
}
process.once('SIGINT', () => stop(0)).once('SIGTERM', () => stop(0));

const quiet = ['ignore', 'ignore', 'inherit'];
start(node, [`${root}src/sandbox/main.ts`, '--port', sandboxPort], {}, quiet);
const gateway = {
  PORT: port,
  BLUEJAY_BASE_URL: sandboxUrl,
  BLUEJAY_API_KEY: 'sandbox-clinic-key',
  WRITES: 'true',
};
start(node, [`${root}src/main.ts`], gateway, ['ignore', 'inherit', 'inherit']);
const page = { GATEWAY_URL: gatewayUrl, SANDBOX_URL: sandboxUrl };
const vite = fileURLToPath(new URL('node_modules/vite/bin/vite.js', import.meta.url));
start(node, [vite, '--port', webPort, '--strictPort'], page, ['ignore', 'inherit', 'inherit']);
