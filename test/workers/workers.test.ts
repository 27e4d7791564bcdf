import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { startMain } from '../support/main.ts';
import { startProcess } from '../support/processes.ts';
import { createFlag, isRunning, startCluster } from './cluster.ts';

const timesIn = (text: string, part: string) => text.split(part).length - 1;

test('workers take connections in turn, and each log line of a request says whose it is', async () => {
  const cluster = await startCluster();
  for (let each = 0; each < 4; each += 1) expect((await cluster.ask()).status).toBe(200);
  const asked = await cluster.askedWorkers(4);
  for (const worker of cluster.workers()) expect(asked.filter((pid) => pid === worker)).toHaveLength(2);
  expect(cluster.workers()).not.toContain(cluster.process.pid);
  expect(cluster.logged('listening')).toMatchObject([{ url: `${cluster.url}/graphql`, workers: 2 }]);
});

test('by default there is one process', async () => {
  const main = await startMain({ LOG_FORMAT: 'json' });
  await expect.poll(main.output).toContain('embedded sandbox');
  await fetch(`${main.url}/graphql`);
  await expect.poll(main.output).toContain('"request"');
  expect(main.output()).not.toContain('"pid"');
  expect(main.output()).not.toContain('worker');
});

test('all workers share one sandbox', async () => {
  const main = await startMain({ WORKERS: '2', LOG_FORMAT: 'json' }, [
    '--import=data:text/javascript,process.on("SIGUSR2",()=>console.log("asks",process.env.BLUEJAY_BASE_URL))',
  ]);
  await expect.poll(() => timesIn(main.output(), 'worker listening')).toBe(2);
  expect(timesIn(main.output(), 'embedded sandbox')).toBe(1);
  const curl = /curl [^\0]*?'\n/.exec(main.output())?.[0] ?? '';
  for (let each = 0; each < 2; each += 1) {
    const pasted = startProcess('sh', ['-c', curl]);
    expect(await pasted.exited).toBe(0);
    expect(JSON.parse(pasted.output())).toMatchObject({
      data: { persona: { createdAt: '2023-11-07T05:31:56Z' } },
    });
  }
  for (const [, pid] of main.output().matchAll(/"pid":(\d+),"msg":"worker listening"/g)) {
    process.kill(Number(pid), 'SIGUSR2');
  }
  const asked = () => main.output().match(/asks http:\S+/g) ?? [];
  await expect.poll(asked).toHaveLength(2);
  expect(new Set(asked()).size).toBe(1);
});

test('a wrong configuration is said once, and ends it with exit code 1', async () => {
  const main = await startMain({ WORKERS: '2', LOG_LEVEL: 'loud' });
  expect(await main.exited).toBe(1);
  expect(timesIn(main.output(), 'LOG_LEVEL: expected')).toBe(1);
});

test('a file that is missing is said once, and ends it with exit code 1', async () => {
  const main = await startMain({ WORKERS: '2', TRUSTED_DOCUMENTS: 'nowhere.json' });
  expect(await main.exited).toBe(1);
  expect(timesIn(main.output(), 'TRUSTED_DOCUMENTS: ')).toBe(1);
});

test.each(['PORT', 'METRICS_PORT'])(
  'a taken %s is said once, and ends it with exit code 1',
  async (variable) => {
    const { port } = new URL((await startGateway()).url);
    const main = await startMain({ WORKERS: '2', [variable]: port });
    expect(await main.exited).toBe(1);
    expect(timesIn(main.output(), `Cannot listen on 127.0.0.1:${port}: EADDRINUSE`)).toBe(1);
  },
);

test('a worker that ends is replaced, and the others serve meanwhile', async () => {
  const cluster = await startCluster();
  const [killed = 0, other] = cluster.workers();
  process.kill(killed, 'SIGKILL');
  await expect.poll(() => cluster.logged('worker ended')).toHaveLength(1);
  expect(cluster.logged('worker ended')).toMatchObject([
    { level: 'error', pid: killed, exitCode: null, signal: 'SIGKILL' },
  ]);
  expect((await cluster.ask()).status).toBe(200);
  expect(await cluster.askedWorkers(1)).toEqual([other]);
  while (cluster.workers().length < 3) expect((await cluster.ask('/health/ready')).status).toBe(200);
  for (let each = 0; each < 2; each += 1) await cluster.ask();
  expect(new Set(await cluster.askedWorkers(3))).toEqual(new Set(cluster.workers().slice(1)));
});

test('a crash in a worker is logged with its exit code and ends that worker alone', async () => {
  const cluster = await startCluster({}, [
    '--import=data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("the last straw")})',
  ]);
  const [crashing = 0] = cluster.workers();
  process.kill(crashing, 'SIGUSR2');
  await expect.poll(cluster.workers).toHaveLength(3);
  expect(cluster.logged('crashed')).toMatchObject([{ level: 'fatal', pid: crashing }]);
  expect(cluster.logged('worker ended')).toMatchObject([{ pid: crashing, exitCode: 1, signal: null }]);
});

test('when none serves and a new worker fails to start, it ends with exit code 1', async () => {
  const flag = createFlag();
  const cluster = await startCluster({}, [
    `--import=data:text/javascript,import{existsSync}from"node:fs";if(existsSync("${flag.path}"))process.exit(7)`,
  ]);
  flag.set();
  for (const pid of cluster.workers()) process.kill(pid, 'SIGKILL');
  expect(await cluster.exited).toBe(1);
  expect(cluster.logged('worker ended').map(({ exitCode }) => exitCode)).toEqual([null, null, 7]);
});

test('without the primary no worker is left', async () => {
  const cluster = await startCluster();
  cluster.process.kill('SIGKILL');
  await expect.poll(() => cluster.workers().filter(isRunning)).toEqual([]);
});

test('connections beyond MAX_CONNECTIONS of each worker are closed', async () => {
  const cluster = await startCluster({ MAX_CONNECTIONS: '1' });
  const sockets: Socket[] = [];
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  const open = async () => {
    const socket = connect(cluster.port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write('GET /health/live HTTP/1.1\r\nhost: gateway\r\n\r\n');
    const answer = await Promise.race([once(socket, 'data'), once(socket, 'close')]).catch(() => []);
    const [chunk] = answer as unknown[];
    return chunk instanceof Buffer ? chunk.toString().slice(0, 15) : 'closed';
  };
  expect([await open(), await open(), await open(), await open()]).toEqual([
    'HTTP/1.1 200 OK',
    'HTTP/1.1 200 OK',
    'closed',
    'closed',
  ]);
});
