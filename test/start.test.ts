import { expect, onTestFinished, test } from 'vitest';
import { exampleId, startGateway } from './support/gateway.ts';
import { bare, startMain } from './support/main.ts';
import { findFreePort } from './support/ports.ts';
import { startProcess } from './support/processes.ts';

test('with nothing configured it runs on the sandbox, says so, and its curl line can be pasted', async () => {
  const main = await startMain({});
  await expect.poll(main.output).toContain('embedded sandbox');
  const curl = /curl [^\0]*?'\n/.exec(main.output())?.[0] ?? '';
  const pasted = startProcess('sh', ['-c', curl]);
  expect(await pasted.exited).toBe(0);
  expect(JSON.parse(pasted.output())).toMatchObject({
    data: { persona: { id: '3c90c3cc-0d44-4b50-8888-8dd25736052a', createdAt: '2023-11-07T05:31:56Z' } },
  });
});

test('the embedded sandbox fails on demand', async () => {
  const main = await startMain({});
  await expect.poll(main.output).toContain('-X DELETE');
  const [fail = '', end = ''] = main.output().match(/curl \S+\/_sandbox\/faults .*/g) ?? [];
  const askedAfter = async (command: string) => {
    expect(await startProcess('sh', ['-c', command]).exited).toBe(0);
    const response = await fetch(`${main.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `{ persona(id: "${exampleId}") { id } }` }),
    });
    return response.json();
  };
  expect(await askedAfter(fail)).toMatchObject({
    errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
  });
  expect(await askedAfter(end)).toEqual({ data: { persona: { id: exampleId } } });
});

test('npm start runs it whatever Node.js the machine has', async () => {
  // npm puts the project's own Node.js first; outside of npm the machine's is first.
  const PATH = bare.PATH.split(':').filter((folder) => !folder.includes('node_modules'));
  const port = await findFreePort();
  const env = { ...bare, PATH: PATH.join(':'), PORT: String(port) };
  // A process group of its own, so that npm and what it starts end together.
  const { output, process: npm } = startProcess('npm', ['start'], { env, detached: true });
  onTestFinished(() => void process.kill(-(npm.pid ?? 0), 'SIGKILL'));
  await expect.poll(output).toContain('embedded sandbox');
  expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
});

test('SIGTERM ends it with exit code 0', async () => {
  const main = await startMain({ LOG_LEVEL: 'silent' });
  await expect.poll(main.output).toContain('embedded sandbox');
  main.process.kill('SIGTERM');
  expect(await main.exited).toBe(0);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('after %s it serves on, and a second one ends it at once', async (signal, exitCode) => {
  const { sandbox } = await startGateway();
  sandbox.faults.add({ fault: { kind: 'hang' } });
  const main = await startMain({
    BLUEJAY_BASE_URL: sandbox.url,
    BLUEJAY_API_KEY: 'sandbox-clinic-key',
    DRAIN_DELAY_MS: '600000',
  });
  await expect.poll(main.output).toContain('listening');
  main.process.kill(signal);
  await expect.poll(main.output).toContain('stopping');
  expect((await fetch(`${main.url}/health/ready`)).status).toBe(503);
  const answer = fetch(`${main.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ persona(id: \\"3c90c3cc-0d44-4b50-8888-8dd25736052a\\") { id } }"}',
  }).catch((error: unknown) => error);
  await expect.poll(() => sandbox.requests.length).toBe(1);
  main.process.kill(signal);
  expect(await main.exited).toBe(exitCode);
  expect(await answer).toBeInstanceOf(Error);
});

test.each([
  ['unhandledRejection', 'Promise.reject(new Error("the last straw"))'],
  ['uncaughtException', 'throw new Error("the last straw")'],
])('an %s is logged once, as JSON, and ends it with exit code 1', async (origin, mishap) => {
  const main = await startMain({ LOG_FORMAT: 'json' }, [
    `--import=data:text/javascript,process.on("SIGUSR2",()=>{${mishap}})`,
  ]);
  await expect.poll(main.output).toContain('embedded sandbox');
  main.process.kill('SIGUSR2');
  expect(await main.exited).toBe(1);
  const lines = main.output().split('\n');
  const [line = '', ...others] = lines.filter((candidate) => candidate.includes('the last straw'));
  expect(others).toEqual([]);
  expect(JSON.parse(line)).toMatchObject({
    level: 'fatal',
    msg: 'crashed',
    origin,
    err: { message: 'the last straw' },
  });
});

test('a wrong configuration ends it with exit code 1 before it listens, and prints no secret', async () => {
  const main = await startMain({ BLUEJAY_API_KEY: 'canary,key', LOG_LEVEL: 'loud' });
  expect(await main.exited).toBe(1);
  expect(main.output()).toContain('BLUEJAY_API_KEY: expected');
  expect(main.output()).toContain('LOG_LEVEL: expected');
  expect(main.output()).not.toContain('canary');
});

test('a port that is taken ends it with exit code 1 and says so', async () => {
  const other = await startGateway();
  const main = await startMain({ PORT: new URL(other.url).port, DRAIN_DELAY_MS: '600000' });
  expect(await main.exited).toBe(1);
  expect(main.output()).toContain(`Cannot listen on 127.0.0.1:${new URL(other.url).port}: EADDRINUSE`);
});

test('in production nothing configured means the real Bluejay, with no sandbox and no GraphiQL', async () => {
  const main = await startMain({ NODE_ENV: 'production' });
  await expect.poll(main.output).toContain('"upstream":"bluejay"');
  expect(main.output()).not.toContain('sandbox');
  const response = await fetch(`${main.url}/graphql`, { headers: { accept: 'text/html' } });
  expect(response.status).toBe(406);
  // Forward mode: without a key of the caller's, nothing leaves the process.
  const answer = await fetch(`${main.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ persona(id: \\"3c90c3cc-0d44-4b50-8888-8dd25736052a\\") { id } }"}',
  });
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});
