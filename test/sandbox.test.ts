import { expect, onTestFinished, test } from 'vitest';
import { createSandbox, organisations } from '../src/sandbox/index.ts';
import { airline, clinic, exampleId, unknownId } from './support/gateway.ts';
import { startProcess } from './support/processes.ts';
import { programs } from './support/programs.ts';
import { send } from './support/send.ts';

const bodyOf = async (answer: Promise<Response>) => {
  const response = await answer;
  return [response.status, await response.json()];
};

async function startSandbox() {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  const read = (id: string, headers: Record<string, string> = { 'x-api-key': clinic.apiKey }) =>
    fetch(`${sandbox.url}/v1/customer-persona/${id}`, { headers });
  return { sandbox, read, control: `${sandbox.url}/_sandbox/faults` };
}

test('there are a dozen personas, the seed’s example among them, with every form of date-time', () => {
  const personas = organisations.flatMap((organisation) => organisation.personas);
  expect(new Set(personas.map(({ id }) => id)).size).toBe(12);
  expect(personas.some(({ id }) => id === exampleId)).toBe(true);
  const forms = new Set(personas.map((persona) => persona.created_at?.replaceAll(/\d+/g, '0') ?? null));
  expect(forms).toEqual(
    new Set(['0-0-0T0:0:0Z', '0-0-0T0:0:0+0:0', '0-0-0T0:0:0.0+0:0', '0-0-0T0:0:0', '0-0-0T0:0:0.0', null]),
  );
});

test('it answers as FastAPI does', async () => {
  const { read, sandbox } = await startSandbox();
  expect(await bodyOf(read(exampleId.toUpperCase()))).toEqual([200, clinic.personas[0]]);
  expect(await bodyOf(read(unknownId))).toEqual([404, { detail: 'Customer persona not found' }]);
  expect(await bodyOf(read(exampleId, { 'x-api-key': airline.apiKey }))).toMatchObject([404, {}]);
  expect(await bodyOf(read(exampleId, { 'x-api-key': 'wrong' }))).toEqual([
    401,
    { detail: 'Invalid API key' },
  ]);
  expect(await bodyOf(read('7%2f7', {}))).toMatchObject([
    422,
    {
      detail: [
        { type: 'uuid_parsing', loc: ['path', 'persona_id'], input: '7/7' },
        { type: 'missing', loc: ['header', 'x-api-key'], msg: 'Field required' },
      ],
    },
  ]);
  const list = (id: string, { apiKey } = clinic) =>
    bodyOf(fetch(`${sandbox.url}/v1/customer-personas-by-agent/${id}`, { headers: { 'x-api-key': apiKey } }));
  expect(await list('7')).toEqual([200, clinic.personas.slice(0, 3)]);
  expect(await list('9')).toEqual([200, []]);
  expect(await list('7', airline)).toEqual([404, { detail: 'Agent not found' }]);
  expect(await list('seven')).toMatchObject([
    422,
    { detail: [{ type: 'int_parsing', loc: ['path', 'agent_id'], input: 'seven' }] },
  ]);
  expect(await bodyOf(fetch(`${sandbox.url}/v1/nothing`))).toEqual([404, { detail: 'Not Found' }]);
  const post = fetch(`${sandbox.url}/v1/customer-persona/${exampleId}`, { method: 'POST' });
  expect(await bodyOf(post)).toEqual([405, { detail: 'Method Not Allowed' }]);
});

test('faults are set and removed over HTTP', async () => {
  const { read, control } = await startSandbox();
  const set = (rule: unknown) => fetch(control, { method: 'POST', body: JSON.stringify(rule) });
  await set({ fault: { kind: 'answer', status: 503, body: 'busy' }, personaId: exampleId, times: 1 });
  expect((await read(unknownId)).status).toBe(404);
  expect((await read(exampleId)).status).toBe(503);
  expect((await read(exampleId)).status).toBe(200);

  await set({ fault: { kind: 'reset' } });
  await expect(read(exampleId)).rejects.toThrow('fetch failed');
  expect((await fetch(control, { method: 'DELETE' })).status).toBe(204);
  expect((await read(exampleId)).status).toBe(200);
});

test('no page sets faults, wherever it comes from', async () => {
  const { control, read } = await startSandbox();
  const body = JSON.stringify({ fault: { kind: 'hang' } });
  const headers = { origin: 'https://elsewhere.example' };
  expect((await send(control, { method: 'POST', headers, body })).status).toBe(403);
  expect((await send(control, { method: 'DELETE', headers })).status).toBe(403);
  expect((await read(exampleId)).status).toBe(200);
});

test('a fault that it does not know is refused with a reason', async () => {
  const { control } = await startSandbox();
  const refusals = await Promise.all(
    [
      '{',
      '{}',
      '{"fault":{"kind":"explode"}}',
      '{"fault":{"kind":"delay"}}',
      '{"fault":{"kind":"delay","delayMs":1e12}}',
      '{"fault":{"kind":"answer","status":200,"headers":{"bad name":"x"}}}',
      '{"fault":{"kind":"answer","status":200,"headers":{"x":"a\\r\\nb"}}}',
    ].map(async (body) => {
      const response = await fetch(control, { method: 'POST', body });
      return [response.status, await response.text()];
    }),
  );
  expect(refusals.map(([status]) => status)).toEqual(Array.from({ length: 7 }, () => 400));
  expect(refusals[3]?.[1]).toContain('fault.delayMs');
  expect((await fetch(control)).status).toBe(405);
});

test('it starts alone, prints a line to paste, and stops on SIGTERM', async () => {
  const { process, output, exited } = startProcess('node', [programs.sandbox, '--port', '0']);
  await expect.poll(output).toContain('Through the gateway');
  const curl = /curl .*customer-persona.*/.exec(output())?.[0] ?? '';
  const pasted = startProcess('sh', ['-c', curl]);
  expect(await pasted.exited).toBe(0);
  expect(JSON.parse(pasted.output())).toEqual(clinic.personas[0]);
  process.kill('SIGTERM');
  expect(await exited).toBe(0);
});

test('it says so when its port is taken', async () => {
  const { sandbox } = await startSandbox();
  const { output, exited } = startProcess('node', [programs.sandbox, '--port', new URL(sandbox.url).port]);
  expect(await exited).toBe(1);
  expect(output()).toMatch(/^Cannot listen on 127\.0\.0\.1:\d+: EADDRINUSE/);
});

test('it refuses a port that is none', async () => {
  const { output, exited } = startProcess('node', [programs.sandbox, '--port', '65536']);
  expect(await exited).toBe(1);
  expect(output()).toContain('--port: expected a whole number');
});

test('a fault that cannot be carried out ends the connection, not the process', async () => {
  const { sandbox, read } = await startSandbox();
  sandbox.faults.add({ fault: { kind: 'answer', status: 200, headers: { 'bad name': 'x' } }, times: 1 });
  await expect(read(exampleId)).rejects.toThrow('fetch failed');
  expect((await read(exampleId)).status).toBe(200);
});
