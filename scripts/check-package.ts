// Packs the package, installs it in an empty folder, and uses it as a stranger would.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });

try {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { stdio: 'inherit' });
  const [tarball = ''] = readdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
  run('npm', 'install', '--silent', '--no-audit', '--no-fund', `./${tarball}`);
  writeFileSync(
    join(folder, 'use.js'),
    `import { createGateway, parseConfig } from 'bluejay-graphql';
     import { organisations } from 'bluejay-graphql/sandbox';
     const { config } = parseConfig({ PORT: '0', LOG_LEVEL: 'silent' });
     const gateway = await createGateway(config);
     const response = await fetch(await gateway.listen() + '/graphql', {
       method: 'POST',
       headers: { 'content-type': 'application/json' },
       body: JSON.stringify({ query: \`{ persona(id: "\${organisations[0].personas[0].id}") { name } }\` }),
     });
     console.log(JSON.stringify(await response.json()));
     await gateway.close();`,
  );
  const answer = run('node', 'use.js').trim();
  if (answer !== '{"data":{"persona":{"name":"Anxious first-time patient"}}}') {
    throw new Error(`The installed package answered: ${answer}`);
  }
  const diagnosis = run(join('node_modules', '.bin', 'bluejay-doctor'));
  if (!diagnosis.includes('All is well.')) throw new Error(`The installed doctor says: ${diagnosis}`);
  process.stdout.write(`${tarball}: installed, imported, answered.\n`);
} finally {
  rmSync(folder, { recursive: true });
}
