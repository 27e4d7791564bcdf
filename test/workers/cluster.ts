import type { SpawnOptions } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { startMain } from '../support/main.ts';

interface LogLine {
  readonly msg: string;
  readonly pid?: number;
  readonly [field: string]: unknown;
}

export interface TestCluster extends Awaited<ReturnType<typeof startMain>> {
  readonly sandbox: Awaited<ReturnType<typeof startGateway>>['sandbox'];
  /** What it has logged so far under this message. */
  logged(message: string): LogLine[];
  /** The process ids of all workers that have come to listen. */
  workers(): number[];
  /** Asks for the example, or for a path, on a connection of its own. */
  ask(path?: string): Promise<Response>;
  /** The workers that have answered so many requests, probes not counted, in the order of their log lines. */
  askedWorkers(count: number): Promise<number[]>;
}

const exampleRequest = {
  method: 'POST',
  headers: { 'content-type': 'application/json', connection: 'close' },
  body: '{"query":"query Example { persona(id: \\"3c90c3cc-0d44-4b50-8888-8dd25736052a\\") { id } }"}',
};

/** Two workers in front of a sandbox of the test's own, both listening. */
export async function startCluster(
  environment: Record<string, string> = {},
  nodeOptions: string[] = [],
  options: SpawnOptions = {},
): Promise<TestCluster> {
  const { sandbox } = await startGateway();
  const main = await startMain(
    {
      WORKERS: '2',
      BLUEJAY_BASE_URL: sandbox.url,
      BLUEJAY_API_KEY: 'sandbox-clinic-key',
      LOG_FORMAT: 'json',
      ...environment,
    },
    nodeOptions,
    options,
  );
  const logged = (message: string) =>
    main
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine)
      .filter(({ msg }) => msg === message);
  const workers = () => logged('worker listening').map(({ pid = 0 }) => pid);
  // The workers end with the primary, unless it is the primary's end that is wrong.
  onTestFinished(() => {
    for (const pid of workers()) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  });
  // Three programs start, one after the other.
  await expect.poll(workers, { timeout: 60_000 }).toHaveLength(2);
  const askedWorkers = () => logged('request').map(({ pid = 0 }) => pid);
  return {
    ...main,
    sandbox,
    logged,
    workers,
    async askedWorkers(count) {
      await expect.poll(askedWorkers).toHaveLength(count);
      return askedWorkers();
    },
    ask: (path) =>
      path === undefined
        ? fetch(`${main.url}/graphql`, exampleRequest)
        : fetch(main.url + path, { headers: { connection: 'close' } }),
  };
}

/** A file that changes what workers do that start from then on. */
export function createFlag(): { readonly path: string; set(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'flag');
  return { path, set: () => writeFileSync(path, '') };
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
