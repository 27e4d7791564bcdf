import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadDocument } from '../../contract/document.ts';
import { isFastApiMissing, startFastApi } from '../support/fastapi.ts';
import { findFreePort } from '../support/ports.ts';
import { startProcess } from '../support/processes.ts';
import { startHttpUpstream } from '../support/upstreams.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'contract-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function writeDocument(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function check(...sources: string[]): Promise<{ exitCode: number | null; output: string }> {
  const { exited, output } = startProcess('node', ['scripts/check-contract.ts', ...sources]);
  return { exitCode: await exited, output: output() };
}

const { root } = await loadDocument('contract/bluejay.openapi.yaml');
const persona = 'GET /v1/customer-persona/{persona_id}';
const list = 'GET /v1/customer-personas-by-agent/{agent_id}';
const writes = [
  'POST /v1/create-customer-persona',
  'PUT /v1/update-customer-persona/{persona_id}',
  'DELETE /v1/customer-persona/{persona_id}',
];
/** A line for each write. */
const ofWrites = (what: string) => writes.map((write) => `  ${write}${what}\n`).join('');
const harmless = `Harmless (1):
  ${list} 200[].id: may be null (left out of the list), missing (left out of the list)
`;

test('the gateway keeps the contract with the API that Bluejay publishes', async () => {
  expect(await check()).toEqual({ exitCode: 0, output: `${harmless}The contract holds.\n` });
});

test('a contradiction in the document is a warning, and the exit code is 0', async () => {
  const path = writeDocument('bluejay.json', JSON.stringify({ ...root, security: [{ HTTPBearer: [] }] }));
  const doubt = 'asks for HTTPBearer, but no security scheme says what that is';
  expect(await check(path)).toEqual({
    exitCode: 0,
    output: `Warnings (5):
  ${persona}: ${doubt}
  ${list}: ${doubt}
${ofWrites(`: ${doubt}`)}${harmless}The contract holds, as far as it can be checked.
`,
  });
});

test('an API that has drifted away: every break is named, and the exit code is 1', async () => {
  const text = stringify(root).replaceAll('goal:', 'aim:').replaceAll('customer-personas-by', 'personas-by');
  const { exitCode, output } = await check(writeDocument('drifted.yaml', text));
  expect(exitCode).toBe(1);
  const [breaking, harmlessLines] = output.split('Harmless (4):\n');
  for (const call of [persona, ...writes]) {
    expect(breaking).toContain(`  ${call} 200.goal: is gone, and the gateway reads it\n`);
    expect(harmlessLines).toContain(`  ${call} 200.aim: is a new field\n`);
  }
  for (const call of writes.slice(0, 2)) expect(breaking).toContain(`  ${call} body: is not taken: {`);
  expect(breaking).toContain(`  ${list}: is gone\n`);
  expect(output).toMatch(
    /\nThe contract is broken: the gateway must change before it meets such an API\.\n$/,
  );
});

test.skipIf(isFastApiMissing)(
  'the document that a FastAPI (skipped without Debian’s python3-fastapi) publishes is fetched and understood',
  async () => {
    const { exitCode, output } = await check(`${await startFastApi()}/openapi.json`);
    expect(output).toContain('The contract holds.\n');
    expect(exitCode).toBe(0);
  },
);

test('what is no OpenAPI document says why, with an exit code of its own', async () => {
  const upstream = await startHttpUpstream((request, response) => {
    if (request.url === '/missing') response.writeHead(404).end();
    else response.end('<!doctype html><title>Not an API</title>');
  });
  const closed = `http://127.0.0.1:${await findFreePort()}`;
  const inParts = JSON.stringify({ ...root, paths: { '/': { $ref: 'persona.yaml' } } });
  for (const [source, message] of [
    [folder, `Cannot read ${folder}: EISDIR. Give the path of a file or an http(s) URL.`],
    [closed, `Cannot read ${closed}: ECONNREFUSED.`],
    [`${upstream}/missing`, `Cannot read ${upstream}/missing: HTTP 404.`],
    [`${upstream}/page`, `${upstream}/page is no OpenAPI 3 document`],
    [writeDocument('broken.yaml', 'openapi: 3.1.0\npaths: [\n'), 'broken.yaml is neither JSON nor YAML.'],
    [writeDocument('swagger.json', '{"swagger":"2.0"}'), 'is no OpenAPI 3 document: its version is "2.0".'],
    [writeDocument('empty.json', ''), 'is no OpenAPI 3 document: its version is missing.'],
    [
      writeDocument('in-parts.json', inParts),
      'refers to another one, persona.yaml: bundle them into one file first.',
    ],
  ] as const) {
    await expect(loadDocument(source)).rejects.toThrow(message);
  }
  const bare = writeDocument('bare.json', '{"openapi":"3.1.0"}');
  const [noPaths, tooMany] = await Promise.all([check(bare), check('a', 'b')]);
  expect(noPaths).toEqual({
    exitCode: 2,
    output: 'Could not check the contract. The document has no paths.\n',
  });
  expect(tooMany).toMatchObject({
    exitCode: 2,
    output: expect.stringContaining('Pass at most one OpenAPI 3 document'),
  });
});
