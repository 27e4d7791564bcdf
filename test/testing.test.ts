import { expect, test } from 'vitest';
import { createGateway } from '../src/index.ts';
import { findNode } from '../src/testing/find-node.ts';
import { startTestGateway } from '../src/testing/index.ts';
import { clinic, exampleId, startGateway, unknownId } from './support/gateway.ts';

async function ask(url: string, query: string, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

const persona = `{ persona(id: "${exampleId}") { name } }`;

test('a test’s gateway answers from a sandbox of its own, which says what reached it, until the scope ends', async () => {
  let url: string;
  {
    await using gateway = await startTestGateway();
    ({ url } = gateway);
    expect(await ask(url, persona)).toEqual({ data: { persona: { name: clinic.personas[0]?.name } } });
    expect(gateway.sandbox.requests).toMatchObject([{ path: `/v1/customer-persona/${exampleId}` }]);
  }
  await expect(ask(url, persona)).rejects.toThrow('fetch failed');
});

test('it has the personas and agents of the test; what they leave out is null', async () => {
  const id = unknownId.replace('8', 'A');
  await using gateway = await startTestGateway({
    personas: [{ id, name: 'Nobody' }],
    agents: [{ id: 1, personaIds: [id.toLowerCase()] }],
  });
  expect(
    await ask(gateway.url, `{ persona(id: "${id}") { name goal } personasByAgent(agentId: 1) { name } }`),
  ).toEqual({ data: { persona: { name: 'Nobody', goal: null }, personasByAgent: [{ name: 'Nobody' }] } });
  expect(await ask(gateway.url, persona)).toEqual({ data: { persona: null } });
});

test('faults are there from the start, the first of the list first, and change while it runs', async () => {
  await using gateway = await startTestGateway({
    faults: [
      { fault: { kind: 'answer', status: 403 }, times: 1 },
      { fault: { kind: 'answer', status: 401 } },
    ],
  });
  const failWith = (code: string) => ({ data: { persona: null }, errors: [{ extensions: { code } }] });
  expect(await ask(gateway.url, persona)).toMatchObject(failWith('FORBIDDEN'));
  expect(await ask(gateway.url, persona)).toMatchObject(failWith('UNAUTHENTICATED'));
  gateway.sandbox.faults.clear();
  expect(await ask(gateway.url, persona)).toMatchObject({ data: { persona: {} } });
});

test('callers may have to bring their key, and settings are the test’s', async () => {
  await using gateway = await startTestGateway({ auth: 'forward', config: { limits: { aliases: 0 } } });
  expect(await ask(gateway.url, persona)).toMatchObject({
    errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  });
  expect(await ask(gateway.url, persona, { 'x-api-key': clinic.apiKey })).toMatchObject({
    data: { persona: {} },
  });
  expect(await ask(gateway.url, '{ a: __typename }')).toMatchObject({
    errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }],
  });
});

test('a gateway that cannot start says why', async () => {
  const port = Number(new URL((await startGateway()).url).port);
  await expect(startTestGateway({ config: { port } })).rejects.toThrow(
    /^The gateway does not start: Cannot listen on .*EADDRINUSE/,
  );
});

test('on an older Node.js the npm package `node` is used, and without one a sentence says what is needed', () => {
  const old = {
    execPath: '/usr/bin/node',
    versions: { ...process.versions, node: '20.19.0' },
    cwd: process.cwd,
  };
  expect(findNode(old)).toMatch(/node_modules\/node\/bin\/node$/);
  expect(findNode({ ...old, versions: process.versions })).toBe('/usr/bin/node');
});

test('an embedded sandbox is there for faults, and no sandbox where Bluejay is asked', async () => {
  const embedded = await createGateway({ port: 0, log: { level: 'silent' } });
  const url = `${await embedded.listen()}/graphql`;
  embedded.sandbox?.faults.add({ fault: { kind: 'answer', status: 403 } });
  expect(await ask(url, persona)).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  await embedded.close(0);
  const upstream = { kind: 'bluejay', auth: { mode: 'forward' } } as const;
  const other = await createGateway({ upstream, log: { level: 'silent' } });
  expect(other.sandbox).toBeUndefined();
  await other.close(0);
});
