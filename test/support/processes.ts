import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * Whether to skip a test because a program is missing. In CI the test runs and fails.
 *
 * @param command succeeds where the program is installed
 */
export function isMissing(command: string, ...args: string[]): boolean {
  return process.env['CI'] === undefined && spawnSync(command, args).status !== 0;
}

/** Whether to skip a test because this machine has no `::1`. CI never skips. */
export const isIpv6Missing =
  process.env['CI'] === undefined &&
  !Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === '::1'),
  );

/** A Node.js of this machine that is too old for the gateway, as outside of npm. */
export function findOldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find(
      (file) =>
        existsSync(file) &&
        /^v(1\d|2[0-3])\./.test(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout),
    );
}

export interface TestProcess {
  readonly process: ChildProcess;
  /** Everything it has written so far. */
  output(): string;
  /** Resolves with the exit code, or null after a signal. */
  readonly exited: Promise<number | null>;
}

/** Starts a program that ends with the test at the latest. */
export function startProcess(command: string, args: string[], options: SpawnOptions = {}): TestProcess {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited.catch(() => undefined);
  });
  return { process: child, output: () => output, exited };
}
