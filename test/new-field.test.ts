import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { findFreePort } from './support/ports.ts';
import { startProcess } from './support/processes.ts';
import { bare } from './support/main.ts';
import { exampleId } from './support/gateway.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The lines that CONTRIBUTING asks for, each before a line of the file. */
const changes = [
  ['src/datasources/bluejay/customer-persona.ts', "  voice: { sent: 'voice' },", '  goal: {'],
  [
    'src/schema/customer-persona.ts',
    "voice: t.exposeString('voice', { description: 'How the persona sounds.' }),",
    "      goal: t.exposeString('goal'",
  ],
  ['src/sandbox/organisations.ts', "voice: 'hoarse',", '        goal: '],
  ['src/sandbox/organisations.ts', 'readonly voice?: string | null;', '  readonly goal: string | null;'],
] as const;

test('a new field of CustomerPersona takes a line each in its codec, its type and the data of the sandbox', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'new-field-'));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const [file, line, before] of changes) {
    const path = join(copy, file);
    const source = readFileSync(path, 'utf8');
    expect(source).toContain(before);
    writeFileSync(path, source.replace(before, `${line}\n${before}`));
  }

  const port = await findFreePort();
  startProcess('node', [join(copy, 'src/main.ts')], {
    env: { ...bare, PORT: String(port), HOST: '127.0.0.1' },
  });
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `{ persona(id: "${exampleId}") { voice } }` }),
    });
    return (await response.json()) as unknown;
  };
  await expect.poll(() => ask().catch(() => undefined)).toEqual({ data: { persona: { voice: 'hoarse' } } });
});
