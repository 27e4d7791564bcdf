import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bare } from '../support/main.ts';
import { findFreePort } from '../support/ports.ts';
import { startProcess } from '../support/processes.ts';
import { programs } from '../support/programs.ts';

/** Starts the program with its standard output in a file; its standard error is what `output` has. */
async function startWithOutput(path: string, environment: Record<string, string>, nodeOptions = '') {
  const port = await findFreePort();
  const main = startProcess('sh', ['-c', `exec node ${nodeOptions} "${programs.gateway}" > ${path}`], {
    env: { ...bare, PORT: String(port), BLUEJAY_API_KEY: 'canary-key', ...environment },
  });
  const ask = async (headers = {}) =>
    fetch(`http://127.0.0.1:${port}/nowhere`, { headers }).then(
      ({ status }) => status,
      () => 'no answer',
    );
  return { ...main, ask };
}

/** A named pipe whose reader comes, stalls and leaves as it is told. */
function createNamedPipe() {
  const folder = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'pipe');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return {
    path,
    fill() {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      const write = () => {
        while (writeSync(fd, ' '.repeat(4_096)) > 0);
      };
      expect(write).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
      closeSync(fd);
    },
    openReader() {
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const chunk = Buffer.alloc(65_536);
      return {
        close: () => closeSync(fd),
        /** @returns what has been written since, which may be nothing */
        read() {
          let text = '';
          try {
            for (let bytes = -1; bytes !== 0; text += chunk.toString('utf8', 0, bytes)) {
              bytes = readSync(fd, chunk);
            }
          } catch (error) {
            // The pipe is empty, and has a writer.
            if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
          }
          return text;
        },
      };
    },
  };
}

test.each([{ LOG_FORMAT: 'json' }, { LOG_FORMAT: 'pretty' }, { LOG_FORMAT: 'json', WORKERS: '2' }])(
  'with %j a full disk loses lines, which standard error says once, and nothing else',
  async (environment) => {
    const main = await startWithOutput('/dev/full', environment);
    await expect.poll(() => main.ask()).toBe(404);
    for (let each = 0; each < 4; each += 1) expect(await main.ask()).toBe(404);
    const said = main.output().trimEnd().split('\n');
    // Each process says it for itself.
    expect(said.length).toBeLessThanOrEqual(Number(environment.WORKERS ?? 0) + 1);
    expect(new Set(said)).toEqual(
      new Set(['Lines of the log are lost: standard output takes none (ENOSPC).']),
    );
    main.process.kill('SIGTERM');
    expect(await main.exited).toBe(0);
  },
);

test('a reader that stalls holds up neither answers nor the end, and may miss lines', async () => {
  const pipe = createNamedPipe();
  const reader = pipe.openReader();
  const main = await startWithOutput(pipe.path, { LOG_FORMAT: 'json' });
  await expect.poll(() => main.ask()).toBe(404);
  const headers = { 'x-request-id': 'x'.repeat(100) };
  // More than the pipe holds and a MiB.
  while (!main.output().includes('its reader is too slow')) {
    const statuses = await Promise.all(Array.from({ length: 50 }, () => main.ask(headers)));
    expect(new Set(statuses)).toEqual(new Set([404]));
  }
  let text = reader.read();
  await expect.poll(() => (text += reader.read())).toContain('lines of the log were lost');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.at(-1)).toMatchObject({ level: 'warn', lostLines: expect.any(Number) as number });
  // What waited was kept, whole and in its order.
  expect(text.length).toBeGreaterThan(1_048_576);

  for (let each = 0; each < 10; each += 1)
    await Promise.all(Array.from({ length: 50 }, () => main.ask(headers)));
  main.process.kill('SIGTERM');
  expect(await main.exited).toBe(0);
});

test('workers that start and end behind a reader that stalls freeze neither each other nor the primary', async () => {
  const pipe = createNamedPipe();
  const reader = pipe.openReader();
  pipe.fill();
  const main = await startWithOutput(pipe.path, { LOG_FORMAT: 'json', WORKERS: '2' });
  await expect.poll(() => main.ask()).toBe(404);
  const listening = /"pid":(\d+),"msg":"worker listening"/g;
  let text = '';
  const workers = () => Array.from((text += reader.read()).matchAll(listening), ([, pid]) => Number(pid));
  await expect.poll(workers).toHaveLength(2);
  const [first = 0] = workers();
  pipe.fill();
  process.kill(first, 'SIGKILL');
  // The connection may have been that worker's.
  await expect.poll(() => main.ask()).toBe(404);
  main.process.kill('SIGTERM');
  expect(await main.exited).toBe(0);
  reader.close();
});

test('a reader that leaves and comes back is told how many lines were lost', async () => {
  const pipe = createNamedPipe();
  const first = pipe.openReader();
  const main = await startWithOutput(pipe.path, { LOG_FORMAT: 'json' });
  await expect.poll(() => first.read()).toContain('listening');
  first.close();
  for (let each = 0; each < 3; each += 1) expect(await main.ask()).toBe(404);
  await expect.poll(main.output).toBe('Lines of the log are lost: standard output takes none (EPIPE).\n');
  const second = pipe.openReader();
  expect(await main.ask()).toBe(404);
  let text = '';
  await expect
    .poll(() => (text += second.read()))
    .toMatch(/"lostLines":[123],"msg":"lines of the log were lost"/);
  main.process.kill('SIGTERM');
  expect(await main.exited).toBe(0);
});

test('a crash ends the process with exit code 1 also where its line cannot be written', async () => {
  const main = await startWithOutput(
    '/dev/full',
    { LOG_FORMAT: 'json' },
    `'--import=data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("the last straw")})'`,
  );
  await expect.poll(() => main.ask()).toBe(404);
  main.process.kill('SIGUSR2');
  expect(await main.exited).toBe(1);
});
