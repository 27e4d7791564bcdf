// Installs a copy of the repository the way production does, starts it, and asks it for a persona.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSandbox, organisations } from '../src/sandbox/index.ts';

const [organisation] = organisations;
const persona = organisation?.personas[0];
const folder = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
const files = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n');
for (const file of files) cpSync(file, join(folder, file));
execFileSync('npm', ['ci', '--omit=dev', '--silent'], { cwd: folder, stdio: 'inherit' });

const sandbox = await createSandbox();
const startedAt = performance.now();
const gateway = spawn(process.execPath, ['src/main.ts'], {
  cwd: folder,
  env: {
    NODE_ENV: 'production',
    PORT: '0',
    BLUEJAY_BASE_URL: sandbox.url,
    BLUEJAY_API_KEY: organisation?.apiKey,
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [line] = (await once(gateway.stdout, 'data')) as [Buffer];
  const listeningMs = performance.now() - startedAt;
  const { url } = JSON.parse(line.toString().split('\n', 1)[0] ?? '') as { url: string };
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ persona(id: "${persona?.id}") { name } }` }),
  });
  const answer = JSON.stringify(await response.json());
  const answeredMs = performance.now() - startedAt;
  if (answer !== JSON.stringify({ data: { persona: { name: persona?.name } } })) {
    throw new Error(`The production install answered: ${answer}`);
  }
  process.stdout.write(
    `Production install: listening after ${listeningMs.toFixed(0)} ms, answered after ${answeredMs.toFixed(0)} ms.\n`,
  );
} finally {
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
  await sandbox.close();
  rmSync(folder, { recursive: true });
}
