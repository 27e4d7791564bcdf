import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startProcess } from './support/processes.ts';

const schema = readFileSync('schema.graphql', 'utf8');

/** Runs the check as if `released` were the last release's SDL and `current` today's. */
async function check(released: string | undefined, current: string) {
  const folder = mkdtempSync(join(tmpdir(), 'schema-changes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = [join(folder, 'released.graphql'), join(folder, 'current.graphql')] as const;
  if (released !== undefined) writeFileSync(files[0], released);
  writeFileSync(files[1], current);
  const { exited, output } = startProcess('node', ['examples/ci/compare-schemas.ts', ...files]);
  return { code: await exited, output: output() };
}

/** The committed SDL with a replacement, which has to be one. */
function edit(from: string, to: string): string {
  expect(schema).toContain(from);
  return schema.replace(from, to);
}

test('an addition and a deprecation pass', async () => {
  const current = edit('  orgId: UUID\n', '  orgId: UUID @deprecated(reason: "Unused.")\n  voice: String\n');
  expect((await check(schema, current)).code).toBe(0);
});

test.each([
  ['a field that is gone', edit('  orgId: UUID\n', '  organisation: UUID\n'), "'orgId' was removed"],
  ['a field that may be null now', edit('  id: ID!\n', '  id: ID\n'), "from 'ID!' to 'ID'"],
  ['an argument that is required now', edit('  orgId: UUID\n', '  orgId(of: ID!): UUID\n'), "'of: ID!'"],
  ['an entity without its key', edit('  @key(fields: "id")\n', ''), 'Agent @key(fields: "id")'],
  [
    'a key that no longer resolves',
    edit('@key(fields: "id")', '@key(fields: "id", resolvable: false)'),
    '@key',
  ],
])('%s fails', async (_name, current, message) => {
  const { code, output } = await check(schema, current);
  expect(output).toContain(message);
  expect(code).toBe(1);
});

test('what breaks is named, with what to do instead', async () => {
  const { output } = await check(schema, edit('  orgId: UUID\n', '  organisation: UUID\n'));
  expect(output).toBe(
    'These changes break what the last release had:\n' +
      "  Field 'orgId' was removed from object type 'CustomerPersona'\n" +
      'Keep it and deprecate it instead.\n',
  );
});

test('without the last release’s schema the check fails', async () => {
  const { code, output } = await check(undefined, schema);
  expect(output).toMatch(/^There is no .*released\.graphql to compare with\.\n$/);
  expect(code).toBe(1);
});

test('the schema of today breaks nothing of the last release, whose schema is committed', async () => {
  const { code, output } = await check(readFileSync('schema.released.graphql', 'utf8'), schema);
  expect(output).toBe('Nothing that the last release had is broken.\n');
  expect(code).toBe(0);
});
