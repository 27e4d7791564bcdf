import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createSandbox, organisations } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { programs } from '../support/programs.ts';

/** The gateway in production settings, as a process of its own, in front of a sandbox. */
export interface Target {
  /** Its origin. */
  readonly url: string;
  /** Bluejay's stand-in, with faults on demand. */
  readonly sandbox: Sandbox;
  /** How many requests it has had. */
  upstreamReads(): number;
  /** Everything the process has written so far. */
  output(): string;
  close(): Promise<void>;
}

/** @param settings environment variables beside those of production */
export async function startProduction(settings: Readonly<Record<string, string>> = {}): Promise<Target> {
  const sandbox = await createSandbox();
  const gateway = spawn(process.execPath, [programs.gateway], {
    env: {
      NODE_ENV: 'production',
      PORT: '0',
      BLUEJAY_BASE_URL: sandbox.url,
      BLUEJAY_API_KEY: organisations[0]?.apiKey,
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listening = new Promise<string>((resolve, reject) => {
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
      const url = /"url":"([^"]*)\/graphql"/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    };
    gateway.stdout.on('data', collect);
    gateway.stderr.on('data', collect);
    gateway.once('exit', () => reject(new Error(`The gateway has ended:\n${output}`)));
  });
  const close = async () => {
    const exited = gateway.exitCode === null ? once(gateway, 'exit') : undefined;
    gateway.kill('SIGTERM');
    await exited;
    await sandbox.close();
  };
  const url = await listening.catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { url, sandbox, upstreamReads: () => sandbox.requests.length, output: () => output, close };
}
