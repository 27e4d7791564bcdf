// Packs the package, installs it in an empty folder, and uses it from there.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });

try {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { stdio: 'inherit' });
  const [tarball = ''] = readdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
  const options = ['--no-audit', '--no-fund', '--loglevel=warn'];
  const installation = spawnSync('npm', ['install', ...options, `./${tarball}`], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (installation.status !== 0 || installation.stderr !== '') {
    throw new Error(`npm install says: ${installation.stderr}`);
  }
  const manifest = readFileSync(join(folder, 'node_modules/bluejay-graphql/package.json'), 'utf8');
  const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
  const installScripts = Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name));
  if (installScripts.length > 0) throw new Error(`npm asks users to allow ${installScripts.join(', ')}.`);
  writeFileSync(
    join(folder, 'use.js'),
    `import { createGateway, parseConfig } from 'bluejay-graphql';
     import { errorCodes } from 'bluejay-graphql/errors';
     import { organisations } from 'bluejay-graphql/sandbox';
     import { startTestGateway } from 'bluejay-graphql/testing';
     const { config } = parseConfig({ PORT: '0', LOG_LEVEL: 'silent' });
     const gateway = await createGateway(config);
     const response = await fetch(await gateway.listen() + '/graphql', {
       method: 'POST',
       headers: { 'content-type': 'application/json' },
       body: JSON.stringify({ query: \`{ persona(id: "\${organisations[0].personas[0].id}") { name } }\` }),
     });
     console.log(JSON.stringify(await response.json()));
     const testGateway = await startTestGateway();
     console.log((await fetch(testGateway.url)).status);
     await testGateway.close();
     console.log(errorCodes({ errors: [{ message: '', extensions: { code: 'FORBIDDEN' } }] }).join());
     await gateway.close();`,
  );
  const answer = run('node', 'use.js').trim();
  if (answer !== '{"data":{"persona":{"name":"Anxious first-time patient"}}}\n400\nFORBIDDEN') {
    throw new Error(`The installed package answered: ${answer}`);
  }
  writeFileSync(
    join(folder, 'schema.js'),
    `import { readFileSync } from 'node:fs';
     import { buildSchema } from 'graphql';
     const file = new URL(import.meta.resolve('bluejay-graphql/api.graphql'));
     console.log(buildSchema(readFileSync(file, 'utf8')).getQueryType().name);`,
  );
  if (run('node', 'schema.js') !== 'Query\n') throw new Error('The installed api.graphql has no queries.');
  writeFileSync(
    join(folder, 'start.js'),
    `import { spawn } from 'node:child_process';
     import { once } from 'node:events';
     const env = { ...process.env, PORT: '0', WORKERS: '2', LOG_FORMAT: 'json' };
     const program = spawn('node_modules/.bin/bluejay-graphql', { env, stdio: ['ignore', 'pipe', 'inherit'] });
     let log = '';
     for await (const chunk of program.stdout) {
       log += chunk;
       if (log.split('worker listening').length > 2) break;
     }
     const response = await fetch(/"url":"([^"]+)"/.exec(log)[1], {
       method: 'POST',
       headers: { 'content-type': 'application/json' },
       body: '{"query":"{ __typename }"}',
     });
     console.log(await response.text());
     program.kill('SIGTERM');
     const [exitCode] = await once(program, 'exit');
     console.log(exitCode);`,
  );
  const started = run('node', 'start.js').trim();
  if (started !== '{"data":{"__typename":"Query"}}\n0') {
    throw new Error(`The installed program, with two workers, answered: ${started}`);
  }
  const diagnosis = run(join('node_modules', '.bin', 'bluejay-doctor'));
  if (!diagnosis.includes('All is well.')) throw new Error(`The installed doctor says: ${diagnosis}`);
  writeFileSync(
    join(folder, 'advice.js'),
    `import { spawn } from 'node:child_process';
     const sandbox = spawn('node_modules/.bin/bluejay-sandbox', ['--port', '0']);
     let text = '';
     for await (const chunk of sandbox.stdout) {
       text += chunk;
       if (text.includes('AUTH=forward')) sandbox.kill();
     }
     console.log(text);`,
  );
  const advice = run('node', 'advice.js');
  if (/npm (start|run)/.test(advice) || !advice.includes('npx bluejay-graphql\n')) {
    throw new Error(`The installed sandbox says: ${advice}`);
  }
  for (const program of ['bluejay-graphql', 'bluejay-doctor', 'bluejay-sandbox']) {
    const usage = run(join('node_modules', '.bin', program), '--help');
    if (!usage.startsWith(`${program} `)) throw new Error(`The installed ${program} says: ${usage}`);
  }
  process.stdout.write(`${tarball}: installed, imported, started, answered.\n`);
} finally {
  rmSync(folder, { recursive: true });
}
