import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { configOf } from '../support/config.ts';
import { composers, subgraphs } from './composers.ts';
import { snippets, snippetWith } from './guide.ts';

const codeIn = (language: string) => snippets.flatMap((one) => (one.language === language ? [one.code] : []));

test('the guide’s stub composes as it is', () => {
  const [stub = '', ...others] = codeIn('graphql');
  expect(others).toEqual([]);
  const calls = `${stub}\nextend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\ntype Query { calls: [Call] }`;
  for (const [, compose] of composers) expect(compose({ ...subgraphs, calls })).toMatchObject({ ok: true });
});

test.each(codeIn('sh'))('a shell can read the guide’s commands: %s', (code) => {
  expect(spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });
});

test('the guide’s command prints the subgraphs that share a type', () => {
  const command = snippetWith('sh', 'supergraph.graphql');
  const folder = mkdtempSync(join(tmpdir(), 'guide-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const printed = composers.flatMap(([, compose]) => {
    const composition = compose(subgraphs);
    if (!composition.ok || composition.supergraphSdl === undefined) return [];
    writeFileSync(join(folder, 'supergraph.graphql'), composition.supergraphSdl);
    return [spawnSync('bash', ['-c', command], { cwd: folder, encoding: 'utf8' }).stdout];
  });
  const expected = 'graph: AGENTS\ngraph: CALLS\ngraph: CUSTOMER_PERSONAS\n';
  expect(printed).toEqual([expected, expected]);
});

test.each(codeIn('yaml'))(
  'a router’s configuration is YAML, and waits longer than this subgraph: %s',
  (code) => {
    const [document, ...others] = parseAllDocuments(code);
    expect([others, document && 'errors' in document && document.errors]).toEqual([[], []]);
    const { requestTimeoutMs } = configOf({});
    const [, seconds] = /customer-personas:\n +(?:request_)?timeout: (\d+)s/.exec(code) ?? [];
    expect(Number(seconds) * 1_000).toBeGreaterThan(requestTimeoutMs);
  },
);

test('every other snippet is what a gateway is started with, by npm run test:gateways', () => {
  const elsewhere = snippets.filter(({ language }) => !['graphql', 'sh', 'yaml'].includes(language));
  expect(elsewhere.map(({ language }) => language)).toEqual(['ts', 'toml']);
});
