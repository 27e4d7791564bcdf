import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { variables } from '../src/config/index.ts';
import { createSchema, printSchema } from '../src/schema/index.ts';
import { bare } from './support/main.ts';
import { findOldNode } from './support/processes.ts';
import { programs } from './support/programs.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

function run(args: readonly string[], node = 'node', more: Record<string, string> = {}) {
  const env = { ...bare, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...more };
  const { status, stdout, stderr } = spawnSync(node, args, { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const oldNode = findOldNode();

describe.each([
  ['bluejay-graphql', 'src/main.ts', programs.gateway],
  ['bluejay-doctor', 'src/doctor/main.ts', programs.doctor],
  ['bluejay-sandbox', 'src/sandbox/main.ts', programs.sandbox],
])('%s', (name, source, bundle) => {
  const files = [
    ['from the source', source],
    ['from the bundle', bundle],
  ] as const;

  test.each(files)('says its version and its usage: %s', (_, file) => {
    for (const flag of ['--version', '-v']) {
      expect(run([file, flag])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    }
    for (const flag of ['--help', '-h']) {
      const { status, stdout, stderr } = run([file, flag]);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`${name} ${version}: `);
      expect(stdout).toMatch(name === 'bluejay-sandbox' ? /--port <port> .* Default: 4010\./ : /\n {2}PORT /);
    }
  });

  test.each(files)('refuses what it does not know in one line: %s', (_, file) => {
    for (const args of [
      ['--canary'],
      ['-c'],
      ['canary'],
      ['--canary=canary'],
      ['--', 'canary'],
      ['--', '-v'],
    ]) {
      const { status, stdout, stderr } = run([file, ...args]);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(new RegExp(`^${name}: .+\\. See ${name} --help\\.\\n$`));
      // A value may be a secret.
      expect(stderr).not.toMatch(/(?<!--)canary/);
    }
  });

  test.each(files)('on an older Node.js it says which one it needs, in one line: %s', (_, file) => {
    for (const args of [[], ['--help'], ['--canary']]) {
      const { status, stdout, stderr } = run(['--import', './test/support/old-node.mjs', file, ...args]);
      expect([status, stderr]).toEqual([1, `${name} needs Node.js 24 or newer; this is Node.js 20.19.0.\n`]);
      const entry = file.slice(file.lastIndexOf('/') + 1);
      expect(stdout.trim().split('\n')).toEqual([
        entry,
        ...(file === source ? ['command-line.ts', 'version.ts'] : ['command-line.js', 'version.js']),
      ]);
    }
  });

  test.skipIf(oldNode === undefined)('so it does on one (skipped where this machine has none)', () => {
    const { status, stdout, stderr } = run([bundle], oldNode);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      new RegExp(`^${name} needs Node\\.js 24 or newer; this is Node\\.js [\\d.]+\\.\\n$`),
    );
  });
});

test.each(['src/main.ts', programs.gateway])('prints the schema, with nothing configured: %s', (file) => {
  const stdout = readFileSync('schema.graphql', 'utf8');
  expect(run([file, 'schema'], 'node', { NODE_ENV: 'production' })).toEqual({
    status: 0,
    stdout,
    stderr: '',
  });
  expect(run([file, 'schema'], 'node', { SCHEMA_PREFIX: 'Bluejay' }).stdout).toContain(
    'type BluejayCustomerPersona\n',
  );
  // As a gateway of the same environment has it.
  const readOnly = run([file, 'schema'], 'node', { NODE_ENV: 'production', WRITES: 'false' }).stdout;
  expect(readOnly).toBe(printSchema(createSchema({ writes: false })));
  expect(run([file, 'schema', '--canary'])).toMatchObject({ status: 2, stdout: '' });
});

test('the usage has every environment variable with its meaning and default', () => {
  const { stdout } = run(['src/main.ts', '--help']);
  for (const [name, { description }] of Object.entries(variables)) {
    expect(stdout).toMatch(new RegExp(`^  ${name} +`, 'm'));
    expect(stdout).toContain(description.replaceAll('`', ''));
  }
  expect(stdout).toContain('Default: 5000 in production, else 0.');
});

test('PORT is where the sandbox listens, unless --port says another one', () => {
  const { stdout } = run(['src/sandbox/main.ts', '--help'], 'node', { PORT: '4999' });
  expect(stdout).toContain('Default: 4999.');
  expect(run(['src/sandbox/main.ts'], 'node', { PORT: 'http' })).toEqual({
    status: 1,
    stdout: '',
    stderr: '--port: expected a whole number from 0 to 65535; PORT sets its default\n',
  });
});
