import { expect, test } from 'vitest';
import { exampleId } from '../support/gateway.ts';
import { createFlag, isRunning, startCluster } from './cluster.ts';

const bodiesOf = async (answers: Promise<Response[]>) =>
  Promise.all((await answers).map((response) => response.json()));

test('on SIGTERM every worker serves on without being ready, finishes what is in flight, and it ends with 0', async () => {
  const cluster = await startCluster({ DRAIN_DELAY_MS: '3000', BLUEJAY_TIMEOUT_MS: '9000' });
  cluster.process.kill('SIGTERM');
  // Each connection goes to another worker.
  await expect
    .poll(async () =>
      (await Promise.all([1, 2].map(() => cluster.ask('/health/ready')))).map(({ status }) => status),
    )
    .toEqual([503, 503]);
  cluster.sandbox.faults.add({ fault: { kind: 'delay', delayMs: 3_500 } });
  const answers = Promise.all([cluster.ask(), cluster.ask()]);
  await expect.poll(() => cluster.sandbox.requests.length).toBe(2);
  const answer = { data: { persona: { id: exampleId } } };
  expect(await bodiesOf(answers)).toEqual([answer, answer]);
  expect(await cluster.exited).toBe(0);
  expect(new Set(await cluster.askedWorkers(2))).toEqual(new Set(cluster.workers()));
  expect(cluster.logged('stopping')).toMatchObject([{ signal: 'SIGTERM', drainDelayMs: 3_000 }]);
  expect(cluster.logged('worker ended')).toEqual([]);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a second %s ends all at once, also a worker that hangs', async (signal, exitCode) => {
  const cluster = await startCluster({ DRAIN_DELAY_MS: '600000' });
  process.kill(cluster.workers()[0] ?? 0, 'SIGSTOP');
  cluster.process.kill(signal);
  await expect.poll(() => cluster.logged('stopping')).toHaveLength(1);
  cluster.process.kill(signal);
  expect(await cluster.exited).toBe(exitCode);
  await expect.poll(() => cluster.workers().filter(isRunning)).toEqual([]);
});

test('a signal to the whole process group, as by Ctrl-C, counts once', async () => {
  const cluster = await startCluster({}, [], { detached: true });
  cluster.sandbox.faults.add({ fault: { kind: 'delay', delayMs: 500 } });
  const answers = Promise.all([cluster.ask(), cluster.ask()]);
  await expect.poll(() => cluster.sandbox.requests.length).toBe(2);
  process.kill(-(cluster.process.pid ?? 0), 'SIGINT');
  const answer = { data: { persona: { id: exampleId } } };
  expect(await bodiesOf(answers)).toEqual([answer, answer]);
  expect(await cluster.exited).toBe(0);
});

test('a worker that is still starting does not hold up the end', async () => {
  const flag = createFlag();
  const cluster = await startCluster({}, [
    `--import=data:text/javascript,import{existsSync}from"node:fs";if(existsSync("${flag.path}")){console.log("hangs");setInterval(()=>{},1e3);await new Promise(()=>{})}`,
  ]);
  flag.set();
  process.kill(cluster.workers()[0] ?? 0, 'SIGKILL');
  await expect.poll(cluster.output).toContain('hangs');
  cluster.process.kill('SIGTERM');
  expect(await cluster.exited).toBe(0);
});

test('a worker that has ended is not replaced any more while the others finish', async () => {
  const cluster = await startCluster({ DRAIN_DELAY_MS: '1500' });
  process.kill(cluster.workers()[0] ?? 0, 'SIGKILL');
  await expect.poll(() => cluster.logged('worker ended')).toHaveLength(1);
  cluster.process.kill('SIGTERM');
  expect(await cluster.exited).toBe(0);
  expect(cluster.workers()).toHaveLength(2);
});
