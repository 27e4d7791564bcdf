import { join } from 'node:path';
import { readManifest } from './consumer.ts';
import type { Consumer } from './consumer.ts';

/** Imports everything, starts a gateway and asks it. */
const embedding = `
  import { createGateway, parseConfig } from 'bluejay-graphql';
  import { errorCodes } from 'bluejay-graphql/errors';
  import { organisations } from 'bluejay-graphql/sandbox';
  import { startTestGateway } from 'bluejay-graphql/testing';
  const { config } = parseConfig({ PORT: '0', LOG_LEVEL: 'silent', METRICS_PORT: '0', RATE_LIMIT: '100/60' });
  const gateway = await createGateway(config);
  const url = await gateway.listen() + '/graphql';
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: \`{ persona(id: "\${organisations[0].personas[0].id}") { name } }\` }),
  });
  console.log(JSON.stringify(await response.json()));
  console.log((await (await fetch(url, { headers: { accept: 'text/html' } })).text()).trim());
  const testGateway = await startTestGateway();
  console.log((await fetch(testGateway.url)).status);
  await testGateway.close();
  console.log(errorCodes({ errors: [{ message: '', extensions: { code: 'FORBIDDEN' } }] }).join());
  await gateway.close();
  for (const config of [{ cache: { url: 'redis://127.0.0.1:1' } }, { tracing: { endpoint: 'http://127.0.0.1:1' } }])
    await createGateway(config).catch((error) => console.log(error.message));`;

const schema = `
  import { readFileSync } from 'node:fs';
  import { buildSchema } from 'graphql';
  const file = new URL(import.meta.resolve('bluejay-graphql/api.graphql'));
  console.log(buildSchema(readFileSync(file, 'utf8')).getQueryType().name);`;

const starting = `
  import { spawn } from 'node:child_process';
  import { once } from 'node:events';
  const env = { ...process.env, PORT: '0', WORKERS: '2', LOG_FORMAT: 'json' };
  const program = spawn('node_modules/.bin/bluejay-graphql', { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  // Reads on, so that the program keeps its output.
  await new Promise((resolve) => program.stdout.on('data', (chunk) => {
    log += chunk;
    if (log.split('worker listening').length > 2) resolve();
  }));
  const response = await fetch(/"url":"([^"]+)"/.exec(log)[1], {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ __typename }"}',
  });
  console.log(await response.text());
  program.kill('SIGTERM');
  const [exitCode] = await once(program, 'exit');
  console.log(exitCode);`;

const advising = `
  import { spawn } from 'node:child_process';
  const sandbox = spawn('node_modules/.bin/bluejay-sandbox', ['--port', '0']);
  let text = '';
  for await (const chunk of sandbox.stdout) {
    text += chunk;
    if (text.includes('AUTH=forward')) sandbox.kill();
  }
  console.log(text);`;

/**
 * Uses the installed package as a library and by its programs.
 *
 * @throws an Error with what it answered instead
 */
export function checkPrograms({ folder, run, execute }: Consumer): void {
  const { bin, scripts, exports, devDependencies, peerDependenciesMeta } = readManifest(folder);
  const installScripts = Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name));
  expect('the scripts that npm asks users to allow', installScripts.join(), '');

  const modules = Object.entries(exports).filter(([, target]) => typeof target === 'object');
  const imports = modules.map(
    ([path]) => `console.log(typeof await import('bluejay-graphql${path.slice(1)}'));`,
  );
  expect('the imports of all modules', execute(imports.join('\n')), 'object\n'.repeat(modules.length));

  const lacking = (scope: string) => {
    const names = Object.keys(peerDependenciesMeta).filter((name) => name.startsWith(scope));
    const specifiers = names.map((name) => `${name}@${devDependencies[name]}`);
    return `needs ${names[0]}, which is not installed: npm install ${specifiers.join(' ')}`;
  };
  const answers = [
    '{"data":{"persona":{"name":"Anxious first-time patient"}}}',
    `GraphiQL ${lacking('@graphql-yoga/')}`,
    '400',
    'FORBIDDEN',
    `CACHE_URL ${lacking('@redis/')}`,
    `OTEL_EXPORTER_OTLP_ENDPOINT ${lacking('@opentelemetry/')}`,
  ];
  expect('the embedded gateway', execute(embedding), `${answers.join('\n')}\n`);
  expect('api.graphql', execute(schema), 'Query\n');
  expect('the program with two workers', execute(starting), '{"data":{"__typename":"Query"}}\n0\n');
  expect('the doctor', run(join('node_modules/.bin/bluejay-doctor')).includes('All is well.'), true);
  const advice = execute(advising);
  expect('the advice of the sandbox', /npm (start|run)/.test(advice), false);
  expect('the advice of the sandbox', advice.includes('npx bluejay-graphql\n'), true);
  for (const program of Object.keys(bin)) {
    const usage = run(join('node_modules/.bin', program), '--help');
    expect(`${program} --help`, usage.slice(0, program.length + 1), `${program} `);
  }
}

function expect<Value>(what: string, actual: Value, expected: Value): void {
  if (actual !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`);
}
