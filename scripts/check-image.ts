// Takes the steps of the Dockerfile in an empty folder, starts what comes of it as the image's user, and asks it
// for a persona, for its health and to stop. It is how production is installed, so this is the check of that too.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, constants, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSandbox, organisations } from '../src/sandbox/index.ts';
import { buildImage } from './image-builder.ts';

const [organisation] = organisations;
const persona = organisation?.personas[0];
const into = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
// Others than the caller must get at the folder, and at the base image's Node.js.
chmodSync(into, 0o755);
mkdirSync(join(into, 'bin'));
copyFileSync(process.execPath, join(into, 'bin/node'), constants.COPYFILE_FICLONE);
const PATH = `${join(into, 'bin')}:${process.env['PATH']}`;

const sandbox = await createSandbox();
const children: ChildProcess[] = [];
try {
  const image = buildImage({
    contextFiles: execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n'),
    into,
    environment: { ...process.env, PATH },
    onStep: (step) => process.stdout.write(`${step.slice(0, 100)}\n`),
  });
  const start = (command: readonly string[], environment: Record<string, string | undefined>) => {
    const child = spawn(join(into, 'bin', command[0] ?? ''), command.slice(1), {
      ...image.user,
      cwd: image.folder,
      env: { ...image.environment, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  };

  const startedAt = performance.now();
  const gateway = start(image.entrypoint, {
    PORT: '0',
    METRICS_PORT: '0',
    INTROSPECTION: 'true',
    INLINE_TRACE: 'true',
    GRAPHIQL: 'true',
    DRAIN_DELAY_MS: '0',
    BLUEJAY_BASE_URL: sandbox.url,
    BLUEJAY_API_KEY: organisation?.apiKey,
  });
  const exited = once(gateway, 'exit') as Promise<[number | null]>;
  const [line] = (await Promise.race([once(gateway.stdout, 'data'), exited])) as [Buffer | number | null];
  const listeningMs = performance.now() - startedAt;
  if (!Buffer.isBuffer(line)) throw new Error(`The image did not start: exit code ${line}.`);
  const { url, metrics } = JSON.parse(line.toString().split('\n', 1)[0] ?? '') as Record<
    'url' | 'metrics',
    string
  >;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ persona(id: "${persona?.id}") { name } }` }),
  });
  const answer = await response.text();
  const answeredMs = performance.now() - startedAt;
  expect('the answer', answer, JSON.stringify({ data: { persona: { name: persona?.name } } }));

  const residentKib = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(gateway.pid)]).toString());

  // What is loaded only where it is wanted must be in the bundle, too.
  const traced = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'apollo-federation-include-trace': 'ftv1' },
    body: JSON.stringify({ query: '{ __typename }' }),
  });
  expect('an inline trace', /"ftv1":"\w/.test(await traced.text()), true);
  expect('metrics', /^# TYPE /m.test(await (await fetch(metrics)).text()), true);
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  expect('GraphiQL', page.headers.get('content-type'), 'text/html; charset=utf-8');

  const isHealthy = async () => {
    const [code] = (await once(start(image.healthcheck, { PORT: new URL(url).port }), 'exit')) as [number];
    return code === 0;
  };
  expect('the health check of a running gateway', await isHealthy(), true);
  gateway.kill('SIGTERM');
  expect('the exit code after SIGTERM', (await exited)[0], 0);
  expect('the health check of a stopped gateway', await isHealthy(), false);

  const compiled = readdirSync(join(image.folder, 'node_modules/.cache/compile'));
  const { uid = process.getuid?.() } = image.user;
  expect('the owners of compiled code', compiled.map((name) => name.split('-').at(-1)).join(), String(uid));
  if (image.user.uid !== undefined) {
    const find = spawnSync('find', ['.', '-writable', '!', '-type', 'l'], {
      ...image.user,
      cwd: image.folder,
    });
    expect('what the gateway could overwrite', find.stdout.toString(), '');
  }
  process.stdout.write(
    `Image: listening after ${listeningMs.toFixed(0)} ms, answered after ${answeredMs.toFixed(0)} ms, ${(residentKib / 1024).toFixed(0)} MiB, healthy, stopped.\n`,
  );
} finally {
  for (const child of children) child.kill('SIGKILL');
  await sandbox.close();
  rmSync(into, { recursive: true });
}

function expect<Value>(what: string, actual: Value, expected: Value): void {
  if (actual !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`);
}
