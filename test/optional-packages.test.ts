import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bare, startMain } from './support/main.ts';
import { startProcess } from './support/processes.ts';

// Only the real installation of `npm run check:package` says what Node.js does without a package; this says it sooner.
const without = ['--import', './test/support/without-packages.mjs'];

/** Starts the source, because the bundle holds all packages. */
const startWithout = (environment: Record<string, string>) =>
  startMain(environment, without, {}, 'src/main.ts');

const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  devDependencies: Record<string, string>;
};
const install = (...names: string[]) =>
  `npm install ${names.map((name) => `${name}@${devDependencies[name]}`).join(' ')}\n`;

const redis = install('@redis/client');
const openTelemetry = install(
  '@opentelemetry/core',
  '@opentelemetry/exporter-trace-otlp-proto',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
);

test('without the optional packages the gateway answers, counts in memory, and says what GraphiQL needs', async () => {
  const { url, output } = await startWithout({ RATE_LIMIT: '100/60', METRICS_PORT: '0' });
  const ask = (headers = {}) => fetch(`${url}/graphql?query={__typename}`, { headers });
  const statusOf = async () => {
    const answer = await ask().catch(() => undefined);
    return answer?.status ?? output();
  };
  await expect.poll(statusOf, { timeout: 10_000 }).toBe(200);
  const page = await ask({ accept: 'text/html' });
  expect(page.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await page.text()).toBe(
    `GraphiQL needs @graphql-yoga/render-graphiql, which is not installed: ${install('@graphql-yoga/render-graphiql')}`,
  );
  expect((await ask()).headers.get('ratelimit')).not.toBeNull();
});

test('a setting whose package is missing is named with the command that installs it, and nothing starts', async () => {
  const main = await startWithout({
    CACHE_URL: 'redis://127.0.0.1:1',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
  });
  expect(await main.exited).toBe(1);
  expect(main.output()).toContain(`CACHE_URL needs @redis/client, which is not installed: ${redis}`);
  expect(main.output()).toMatch(
    /OTEL_EXPORTER_OTLP_ENDPOINT needs @opentelemetry\/core, which is not installed: /,
  );
  expect(main.output()).toContain(openTelemetry);
  expect(main.output()).not.toContain('    at ');
});

test('with workers the program ends, too', async () => {
  const main = await startWithout({ CACHE_URL: 'redis://127.0.0.1:1', WORKERS: '2' });
  expect(await main.exited).toBe(1);
  expect(main.output()).toContain(redis);
});

test('the doctor says what the gateway would miss', async () => {
  const env = { ...bare, CACHE_URL: 'redis://127.0.0.1:1' };
  const doctor = startProcess('node', [...without, 'src/doctor/main.ts'], { env });
  expect(await doctor.exited).toBe(1);
  expect(doctor.output()).toContain(`CACHE_URL needs @redis/client, which is not installed: ${redis.trim()}`);
});

test.each([
  ["createBluejay({ baseUrl: 'http://127.0.0.1:1', userAgent: 'test', cache })", 'cache.url'],
  [
    "createGateway({}, { extension: { services: [defineService({ name: 'shop', endpoints: [], cache })] } })",
    'cache.url of shop',
  ],
  ['createGateway({ cache })', 'CACHE_URL'],
])('%s rejects, names the setting and leaves nothing open', async (call, setting) => {
  const code = `
    import { ConfigurationError, createBluejay, createGateway, defineService } from './src/index.ts';
    const cache = { url: 'redis://127.0.0.1:1' };
    await ${call}.catch((error) => console.log(error instanceof ConfigurationError, error.message));`;
  const program = startProcess('node', [...without, '--input-type=module', '--eval', code]);
  expect(await program.exited).toBe(0);
  expect(program.output()).toBe(`true ${setting} needs @redis/client, which is not installed: ${redis}`);
});

test('a package of another version is named, before its code is used', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const path of ['package.json', 'src']) symlinkSync(resolve(path), join(folder, path));
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@redis'), { recursive: true });
  for (const name of readdirSync('node_modules')) {
    if (name !== '@redis') symlinkSync(resolve('node_modules', name), join(modules, name));
  }
  cpSync('node_modules/@redis/client', join(modules, '@redis/client'), { recursive: true });
  const manifest = join(modules, '@redis/client/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const messageWith = async (other: string) => {
    writeFileSync(
      manifest,
      readFileSync(manifest, 'utf8').replace(/"version": ".*?"/, `"version": "${other}"`),
    );
    const options = ['--preserve-symlinks', '--preserve-symlinks-main', join(folder, 'src/doctor/main.ts')];
    const doctor = startProcess('node', options, { env: { ...bare, CACHE_URL: 'redis://127.0.0.1:1' } });
    await doctor.exited;
    return /CACHE_URL needs .*(?= \(\d+ ms\))/.exec(doctor.output())?.[0];
  };
  expect(await messageWith('5.12.0')).toBe(
    `CACHE_URL needs another version of @redis/client than 5.12.0: ${redis.trim()}`,
  );
  expect(await messageWith(version.replace(/\d+$/, '999'))).toBeUndefined();
});
