import { expect, onTestFinished, test } from 'vitest';
import { findFreePort } from '../support/ports.ts';
import { startProcess } from '../support/processes.ts';

test('npm start in the example brings up a supergraph, and its curl lines can be pasted', async () => {
  const port = await findFreePort();
  // A process group of its own, so that npm and what it starts end together.
  const { output, process: npm } = startProcess('npm', ['start'], {
    cwd: 'examples/supergraph',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PORT: String(port) },
    detached: true,
  });
  onTestFinished(() => void process.kill(-(npm.pid ?? 0), 'SIGKILL'));
  await expect.poll(output).toMatch(/curl [^\0]*?'\n/);
  const curl = /curl [^\0]*?'\n/.exec(output())?.[0] ?? '';
  const answerTo = async (line: string) => {
    const pasted = startProcess('sh', ['-c', line]);
    expect(await pasted.exited).toBe(0);
    return JSON.parse(pasted.output()) as { data: any; errors?: unknown };
  };
  const { data, errors } = await answerTo(curl);
  expect(errors).toBeUndefined();
  expect(data.calls).toHaveLength(3);
  expect(data.calls[0]).toMatchObject({
    agent: { name: 'Appointments', customerPersonas: { length: 3 } },
    persona: { name: 'Anxious first-time patient' },
  });
  const [, write = ''] = /(curl [^\0]*?'\n)[^\0]*(curl [^\0]*?'\n)/.exec(output())?.slice(1) ?? [];
  const written = await answerTo(write);
  expect(written).toMatchObject({ data: { createCustomerPersona: { customerPersona: { name: 'Ann' } } } });
  expect((await answerTo(curl)).data.calls[0].agent.customerPersonas).toContainEqual({ name: 'Ann' });
});
