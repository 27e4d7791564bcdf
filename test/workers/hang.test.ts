import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createFlag, isRunning, startCluster } from './cluster.ts';

const impatientPrimary = 'test/workers/impatient-primary.ts';
const hangOnSignal =
  '--import=data:text/javascript,process.on("SIGUSR2",()=>{for(;;);});process.on("SIGWINCH",()=>{const end=performance.now()+500;while(performance.now()<end);});';

test.each(['SIGSTOP', 'SIGUSR2'] as const)(
  'a worker that hangs (by %s) is killed and replaced, and the others serve meanwhile',
  async (signal) => {
    const cluster = await startCluster({}, [hangOnSignal, impatientPrimary]);
    const [hung = 0, other] = cluster.workers();
    process.kill(hung, signal);
    await expect.poll(() => cluster.logged('worker ended')).toHaveLength(1);
    expect(cluster.logged('worker hangs')).toMatchObject([{ level: 'error', pid: hung }]);
    expect(cluster.logged('worker ended')).toMatchObject([{ pid: hung, signal: 'SIGKILL' }]);
    expect((await cluster.ask()).status).toBe(200);
    expect(await cluster.askedWorkers(1)).toEqual([other]);
    await expect.poll(cluster.workers, { timeout: 30_000 }).toHaveLength(3);
  },
);

test('a worker that is busy for less than the limit is left alone, however often', async () => {
  const cluster = await startCluster({}, [hangOnSignal, impatientPrimary]);
  const [busy = 0] = cluster.workers();
  for (let each = 0; each < 4; each += 1) {
    process.kill(busy, 'SIGWINCH');
    // Answered by whichever is free; both are once the busy one is done.
    const answers = await Promise.all([cluster.ask(), cluster.ask()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  }
  expect(cluster.logged('worker hangs')).toEqual([]);
  expect(isRunning(busy)).toBe(true);
});

test('a primary that was stopped itself does not take its workers for hung', async () => {
  const cluster = await startCluster({}, [impatientPrimary]);
  cluster.process.kill('SIGSTOP');
  // Longer than a worker may be silent.
  await setTimeout(2_500);
  cluster.process.kill('SIGCONT');
  expect((await cluster.ask()).status).toBe(200);
  expect(cluster.logged('worker hangs')).toEqual([]);
});

test('a worker that hangs before it listens is killed and tried again', async () => {
  const flag = createFlag();
  // A worker that starts in earnest on a busy machine takes less.
  const cluster = await startCluster({ MAX_START_INTERVALS: '80' }, [
    `--import=data:text/javascript,import{existsSync,rmSync}from"node:fs";if(existsSync("${flag.path}")){rmSync("${flag.path}");for(;;);}`,
    impatientPrimary,
  ]);
  flag.set();
  process.kill(cluster.workers()[0] ?? 0, 'SIGKILL');
  await expect.poll(() => cluster.logged('worker hangs'), { timeout: 30_000 }).toHaveLength(1);
  await expect.poll(cluster.workers, { timeout: 30_000 }).toHaveLength(3);
});

test('a worker that hangs does not keep the primary from ending', async () => {
  const cluster = await startCluster({ BLUEJAY_TIMEOUT_MS: '100', REQUEST_TIMEOUT_MS: '100' });
  const [hung = 0] = cluster.workers();
  process.kill(hung, 'SIGSTOP');
  cluster.process.kill('SIGTERM');
  expect(await cluster.exited).toBe(0);
  expect(cluster.logged('stopping takes too long: what is left is cut off')).toHaveLength(1);
  await expect.poll(() => cluster.workers().filter(isRunning)).toEqual([]);
});

test('a worker that hangs does not outlive a primary that crashes', async () => {
  const cluster = await startCluster({}, [
    '--import=data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("the last straw")})',
  ]);
  process.kill(cluster.workers()[0] ?? 0, 'SIGSTOP');
  cluster.process.kill('SIGUSR2');
  expect(await cluster.exited).toBe(1);
  await expect.poll(() => cluster.workers().filter(isRunning)).toEqual([]);
});
