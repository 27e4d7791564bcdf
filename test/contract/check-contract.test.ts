import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { loadDocument } from '../../contract/load-document.ts';
import { isFastApiMissing, startFastApi } from '../support/fastapi.ts';
import { findFreePort, startProcess } from '../support/processes.ts';
import { startHttpUpstream } from '../support/upstreams.ts';
import { bluejayDocument, publishedDocument } from './published.ts';

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

test('an API that the gateway can live with: what is new is listed, and the exit code is 0', async () => {
  const document = publishedDocument();
  document.components['schemas'].CustomerPersona.properties.voice = { type: 'string' };
  const path = writeDocument('additions.json', JSON.stringify(document));
  expect(await check(path)).toEqual({
    exitCode: 0,
    output: `Harmless (2):
  GET /v1/customer-persona/{persona_id} 200.voice: is a new field
  GET /v1/customer-personas-by-agent/{agent_id} 200[].voice: is a new field
The contract holds.
`,
  });
});

test('the document that Bluejay publishes: its contradiction is a warning, and the exit code is 0', async () => {
  const document = bluejayDocument();
  document.components['schemas'].CustomerPersona.properties.name = { $ref: '#/components/schemas/Name' };
  const path = writeDocument('bluejay.json', JSON.stringify(document));
  const byId = 'GET /v1/customer-persona/{persona_id}';
  const byAgent = 'GET /v1/customer-personas-by-agent/{agent_id}';
  const credentials = 'asks for HTTPBearer, but no security scheme says what that is';
  const reference = 'refers to #/components/schemas/Name, which the document lacks';
  expect(await check(path)).toEqual({
    exitCode: 0,
    output: `Warnings, cannot be checked (4):
  ${byId}: ${credentials}
  ${byId} 200.name: ${reference}
  ${byAgent}: ${credentials}
  ${byAgent} 200[].name: ${reference}
The contract holds, as far as it can be checked.
`,
  });
});

test('an API that has drifted away: every break is named, and the exit code is 1', async () => {
  const document = publishedDocument();
  delete document.paths['/v1/customer-personas-by-agent/{agent_id}'];
  delete document.components['schemas'].CustomerPersona.properties.goal;
  const path = writeDocument('drifted.yaml', stringify(document));
  expect(await check(path)).toEqual({
    exitCode: 1,
    output: `Breaking (2):
  GET /v1/customer-persona/{persona_id} 200.goal: is gone
  GET /v1/customer-personas-by-agent/{agent_id}: is gone
The contract is broken: the gateway must change before it meets such an API.
`,
  });
});

test.skipIf(isFastApiMissing)(
  'the document that a FastAPI (skipped without Debian’s python3-fastapi) publishes is fetched and understood',
  async () => {
    const calls = [
      'GET /v1/customer-persona/{persona_id} 200',
      'GET /v1/customer-personas-by-agent/{agent_id} 200[]',
    ];
    const fields = ['id', 'created_at', 'name', 'description', 'goal', 'org_id'];
    // Pydantic 1 does not write that an optional field may be null.
    const lines = calls.flatMap((call) =>
      fields.map((name) => `  ${call}.${name}: is never null any more\n`),
    );
    expect(await check(`${await startFastApi()}/openapi.json`)).toEqual({
      exitCode: 0,
      output: `Harmless (12):\n${lines.join('')}The contract holds.\n`,
    });
  },
);

test('what cannot be checked says why, with an exit code of its own', async () => {
  const outside = publishedDocument();
  outside.components['schemas'].CustomerPersona = { $ref: 'persona.yaml' };
  const inParts = writeDocument('in-parts.json', JSON.stringify(outside));
  const nowhere = join(folder, 'nowhere.json');
  const checks = await Promise.all([check(), check('a', 'b'), check(nowhere), check(inParts)]);
  const usage = `Pass one OpenAPI 3 document after --, the one that Bluejay publishes: a file or a URL, JSON or YAML.
It is compared with contract/bluejay.openapi.yaml. For example:

  npm run check:contract -- openapi.json
  npm run check:contract -- https://bluejay.example/openapi.json`;
  const reasons = [
    usage,
    usage,
    `Cannot read ${nowhere}: ENOENT. Give the path of a file or an http(s) URL.`,
    'The document refers to another one, persona.yaml: bundle them into one file first.',
  ];
  expect(checks).toEqual(
    reasons.map((reason) => ({ exitCode: 2, output: `Could not check the contract. ${reason}\n` })),
  );
});

test('what is no OpenAPI document says why', async () => {
  const upstream = await startHttpUpstream((request, response) => {
    if (request.url === '/missing') response.writeHead(404).end();
    else if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': '9' }).write('{', () => response.destroy());
    } else if (request.url === '/endless') response.end(Buffer.alloc(33 * 1_048_576));
    else response.end('<!doctype html><title>Not an API</title>');
  });
  const closed = `http://127.0.0.1:${await findFreePort()}`;
  const notYaml = writeDocument('broken.yaml', 'openapi: 3.1.0\npaths: [\n');
  const swagger = writeDocument('swagger.json', '{"swagger":"2.0"}');
  const ancient = writeDocument('ancient.json', '{"openapi":"1.2"}');
  const empty = writeDocument('empty.json', '');
  for (const [source, message] of [
    [folder, `Cannot read ${folder}: EISDIR. Give the path`],
    [notYaml, `${notYaml} is neither JSON nor YAML: see its line `],
    [swagger, `${swagger} is Swagger 2: convert it to OpenAPI 3 first.`],
    [ancient, `${ancient} is no OpenAPI 3 document: its version is "1.2".`],
    [empty, `${empty} is no OpenAPI 3 document: it has no "openapi" version.`],
    ['http://', 'http:// is not a URL.'],
    [closed, `Cannot fetch ${closed}: ECONNREFUSED. Check the address and the network.`],
    [`${upstream}/missing`, `${upstream}/missing answers HTTP 404.`],
    [`${upstream}/cut`, `Cannot fetch ${upstream}/cut: UND_ERR_SOCKET.`],
    [`${upstream}/endless`, `${upstream}/endless is larger than 33554432 bytes.`],
    [`${upstream}/page`, `${upstream}/page is no OpenAPI 3 document`],
  ] as const) {
    await expect(loadDocument(source)).rejects.toThrow(message);
  }
});
