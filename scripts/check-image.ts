// Follows the Dockerfile without an engine: builds in an empty folder, starts the result as the image's user, and asks
// it for a persona, for its health and to stop. It is how production is installed, so it checks that too.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createSandbox, organisations } from '../src/sandbox/index.ts';
import { parseEnvironment, readDockerfile } from './dockerfile.ts';

const [organisation] = organisations;
const persona = organisation?.personas[0];
const into = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
// The image's user must be able to read the folder and the Node.js that stands for the base image's.
chmodSync(into, 0o755);
mkdirSync(join(into, 'bin'));
copyFileSync(process.execPath, join(into, 'bin/node'), constants.COPYFILE_FICLONE);
const PATH = `${join(into, 'bin')}:${process.env['PATH']}`;
/** The working directory of both stages. */
const app = join(into, 'app');

const sandbox = await createSandbox();
const children: ChildProcess[] = [];
try {
  const image = build();
  const start = (command: readonly string[], environment: Record<string, string | undefined>) => {
    const child = spawn(join(into, 'bin', command[0] ?? ''), command.slice(1), {
      ...image.user,
      cwd: app,
      env: { ...image.environment, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  };

  const printer = start([...image.entrypoint, 'schema'], {});
  const sdl = Buffer.concat(await printer.stdout.toArray()).toString();
  expect('the schema command', sdl, readFileSync('schema.graphql', 'utf8'));
  expect('the schema in the image', readFileSync(join(app, 'schema.graphql'), 'utf8'), sdl);

  const { components } = JSON.parse(readFileSync(join(app, 'build/sbom.cdx.json'), 'utf8')) as {
    components: readonly { name: string }[];
  };
  const { packages } = JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: object;
  };
  const installed = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
  const absent = components.filter(({ name }) => !installed.has(name));
  expect('the components without a package', absent.map(({ name }) => name).join(), '');
  expect('the tools in the image', installed.has('vitest'), false);

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

  // The bundle must also hold the modules that are loaded on first use.
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

  const compiled = readdirSync(join(app, 'node_modules/.cache/compile'));
  const { uid = process.getuid?.() } = image.user;
  expect('the owners of compiled code', compiled.map((name) => name.split('-').at(-1)).join(), String(uid));
  if (image.user.uid !== undefined) {
    const find = spawnSync('find', ['.', '-writable', '!', '-type', 'l'], { ...image.user, cwd: app });
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

/** Builds the two stages of the Dockerfile. The base images stay out: a `RUN` that names `/usr` is skipped. */
function build() {
  const [all, ...exceptions] = readFileSync('.dockerignore', 'utf8').trim().split('\n!');
  expect('the first line of .dockerignore', all, '*');
  for (const path of exceptions) cpSync(path, join(into, 'context', path), { recursive: true });
  const image = { environment: {}, entrypoint: [] as string[], healthcheck: [] as string[] };
  // Stays empty where the caller may not change the user.
  let user: { uid?: number; gid?: number } = {};
  for (const { keyword, text } of readDockerfile()) {
    process.stdout.write(`${keyword} ${text}`.slice(0, 100) + '\n');
    if (keyword === 'FROM') {
      if (existsSync(app)) renameSync(app, join(into, 'build'));
      mkdirSync(app);
      user = {};
    } else if (keyword === 'COPY') {
      copy(text.split(' '));
    } else if (keyword === 'RUN' && !text.includes(' /usr/')) {
      const env = { ...process.env, PATH };
      const { status } = spawnSync('sh', ['-c', text], {
        ...user,
        cwd: app,
        env,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      expect(`the exit code of ${text}`, status, 0);
    } else if (keyword === 'USER' && process.getuid?.() === 0) {
      const [uid, gid] = text.split(':').map(Number);
      user = { uid: uid ?? NaN, gid: gid ?? NaN };
    } else if (keyword === 'ENV') {
      image.environment = parseEnvironment(text);
    } else if (keyword === 'ENTRYPOINT') {
      image.entrypoint = JSON.parse(text) as string[];
    } else if (keyword === 'HEALTHCHECK') {
      image.healthcheck = JSON.parse(text.slice(text.indexOf('['))) as string[];
    } else if (keyword === 'WORKDIR') {
      expect('WORKDIR', text, '/app');
    } else if (!['RUN', 'USER', 'EXPOSE'].includes(keyword)) {
      throw new Error(`scripts/check-image.ts does not know ${keyword}.`);
    }
  }
  return { ...image, user };
}

/** Copies files into the folder that is named last, and of a folder its contents, as `COPY` does. */
function copy(words: readonly string[]): void {
  const isFromBuild = words[0] === '--from=build';
  for (const source of words.slice(isFromBuild ? 1 : 0, -1)) {
    const path = isFromBuild
      ? join(into, 'build', source.replace(/^\/app\//, ''))
      : join(into, 'context', source);
    const name = statSync(path).isDirectory() ? '' : basename(source);
    cpSync(path, join(app, words.at(-1) ?? '', name), { recursive: true, verbatimSymlinks: true });
  }
}

function expect<Value>(what: string, actual: Value, expected: Value): void {
  if (actual !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`);
}
