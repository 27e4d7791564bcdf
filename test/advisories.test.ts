import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { findFreePort } from './support/ports.ts';
import { startProcess } from './support/processes.ts';

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  dependencies: Record<string, string>;
};

const advisory = (severity: string, versions: string) => ({
  id: 1,
  url: 'https://github.com/advisories/GHSA-test',
  title: 'Request smuggling',
  severity,
  vulnerable_versions: versions,
  cwe: [],
  cvss: { score: 0, vectorString: null },
});

/** A registry that answers questions for advisories in one way, and knows one newer version of undici. */
async function startRegistry(answer: (response: ServerResponse) => void): Promise<string> {
  const manifest = (version: string) => ({ name: 'undici', version, dist: {} });
  const versions = [dependencies['undici'] ?? '', '99.0.0'];
  const packument = {
    name: 'undici',
    'dist-tags': { latest: '99.0.0' },
    versions: Object.fromEntries(versions.map((version) => [version, manifest(version)])),
  };
  const handle: RequestListener = (request, response) => {
    request.resume().once('end', () => {
      if (request.url?.endsWith('/advisories/bulk') === true) return answer(response);
      if (request.url !== '/undici') response.writeHead(404);
      response.end(JSON.stringify(packument));
    });
  };
  const server = createServer(handle).listen(0, '127.0.0.1');
  onTestFinished(() => server.close().closeAllConnections());
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function check(registry: string, ...options: string[]) {
  const env = { ...process.env, npm_config_registry: registry };
  const { exited, output } = startProcess('node', ['scripts/check-advisories.ts', ...options], { env });
  return { exitCode: await exited, output: output() };
}

const answerWith = (advisories: object) => (response: ServerResponse) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify(advisories));

test('an advisory for a package that the gateway runs on fails, with the package, the advisory and the fix', async () => {
  const registry = await startRegistry(answerWith({ undici: [advisory('high', '<99.0.0')] }));
  const { exitCode, output } = await check(registry);
  expect(output).toContain(
    '  undici <99.0.0: high, Request smuggling (https://github.com/advisories/GHSA-test). Fix: npm install undici@99.0.0\n',
  );
  expect(exitCode).toBe(1);
});

test('so does one for an optional package, and one that nothing fixes yet', async () => {
  const registry = await startRegistry(answerWith({ '@redis/client': [advisory('moderate', '*')] }));
  const { exitCode, output } = await check(registry);
  expect(output).toMatch(/ {2}@redis\/client \*: moderate, .* Fix: none released yet\n/);
  expect(exitCode).toBe(1);
});

test.each([
  ['there is none', {}],
  ['it is of little weight', { undici: [advisory('low', '*')] }],
  ['it is for another version', { undici: [advisory('critical', '<8.0.0')] }],
])('the check passes where %s', async (_, advisories) => {
  const { exitCode, output } = await check(await startRegistry(answerWith(advisories)));
  expect(output).toBe('No advisory is known for the packages that the gateway runs on.\n');
  expect(exitCode).toBe(0);
});

test.each([404, 501])('a registry that answers %i is a reason to skip', async (status) => {
  const registry = await startRegistry((response) => response.writeHead(status).end());
  expect(await check(registry)).toEqual({
    exitCode: 0,
    output: `skipped: the registry answers a question for advisories with ${status}\n`,
  });
});

test('so is one that answers something else', async () => {
  const registry = await startRegistry((response) => response.end('<html>'));
  const { exitCode, output } = await check(registry);
  expect(output).toMatch(/^skipped: the registry gives no advisories \(/);
  expect(exitCode).toBe(0);
});

test('so is one that is not there', async () => {
  expect(await check(`http://127.0.0.1:${await findFreePort()}`)).toEqual({
    exitCode: 0,
    output: 'skipped: the registry gives no advisories (ECONNREFUSED)\n',
  });
});

test('so is one that never answers', async () => {
  const registry = await startRegistry(() => {});
  expect(await check(registry, '--timeout-ms=4000')).toEqual({
    exitCode: 0,
    output: 'skipped: the registry has not answered within 4000 ms\n',
  });
});
