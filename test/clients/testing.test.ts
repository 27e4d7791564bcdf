import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client, fetchExchange } from '@urql/core';
import { bypass, http } from 'msw';
import { setupServer } from 'msw/node';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startTestGateway } from '../../src/testing/index.ts';
import { clinic, exampleId } from '../support/gateway.ts';
import { findOldNode } from '../support/processes.ts';
import { createProject } from './project.ts';

const oldNode = findOldNode();
const packageJson = { type: 'module', private: true };
const document = `{ persona(id: "${exampleId}") { name } }`;
const name = clinic.personas[0]?.name;

const program = `
  import { startTestGateway } from 'bluejay-graphql/testing';
  const gateway = await startTestGateway({ faults: [{ fault: { kind: 'answer', status: 403 }, times: 1 }] });
  for (let i = 0; i < 2; i += 1) {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '${document.replaceAll('"', '\\"')}' }),
    });
    console.log(await response.text());
  }
  console.log(gateway.sandbox.requests.length);
  await gateway.close();`;

test.each([
  ['the current Node.js', process.execPath],
  ...(oldNode === undefined ? [] : [['an older one, with the npm package `node` installed', oldNode]]),
])('the installed package starts a gateway for tests on %s', async (_, node) => {
  const project = await createProject({ 'package.json': packageJson, 'app.test.js': program });
  const [forbidden, answered, requests] = (await project.run(node ?? '', 'app.test.js')).trim().split('\n');
  expect(JSON.parse(forbidden ?? '')).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  expect(JSON.parse(answered ?? '')).toEqual({ data: { persona: { name } } });
  expect(requests).toBe('2');
});

test.skipIf(oldNode === undefined)(
  'on an older Node.js alone (skipped where this machine has none) a sentence says what to install',
  async () => {
    const project = await createProject({ 'package.json': packageJson, 'alone/app.test.js': program });
    const modules = join(project.folder, 'alone/node_modules');
    await mkdir(join(modules, 'bluejay-graphql'), { recursive: true });
    // The npm package `node`, installed without its script.
    await mkdir(join(modules, 'node'));
    await writeFile(
      join(modules, 'node/package.json'),
      '{ "version": "26.0.0", "bin": { "node": "bin/node" } }',
    );
    await cp('dist', join(modules, 'bluejay-graphql/dist'), { recursive: true });
    await cp('package.json', join(modules, 'bluejay-graphql/package.json'));
    await symlink(resolve('node_modules/valibot'), join(modules, 'valibot'));
    await expect(project.run(oldNode ?? '', 'alone/app.test.js')).rejects.toThrow(
      /Error: startTestGateway needs Node\.js 24 or newer, and this is Node\.js [\d.]+: install one for the tests alone with `npm install --save-dev node@24`\.\n/,
    );
  },
);

test('requests to an address of production reach the gateway of a test through MSW', async () => {
  await using gateway = await startTestGateway();
  const url = 'https://graphql.example.com/graphql';
  const server = setupServer(
    http.all(url, ({ request }) =>
      fetch(bypass(new Request(gateway.url + new URL(request.url).search, request))),
    ),
  );
  server.listen();
  onTestFinished(() => server.close());
  const client = new Client({ url, exchanges: [fetchExchange] });
  const { data, error } = await client.query<unknown>(document, {}).toPromise();
  expect(error).toBeUndefined();
  expect(data).toEqual({ persona: { name } });
});

test('the fake timers of a test do not stop the gateway', async () => {
  await using gateway = await startTestGateway({
    faults: [{ fault: { kind: 'hang' } }],
    config: { requestTimeoutMs: 200 },
  });
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const client = new Client({ url: gateway.url, exchanges: [fetchExchange] });
  const { error } = await client.query(document, {}).toPromise();
  expect(error?.graphQLErrors).toMatchObject([{ extensions: { code: 'UPSTREAM_TIMEOUT' } }]);
});
