import type { SpawnOptions } from 'node:child_process';
import { findFreePort } from './ports.ts';
import { startProcess } from './processes.ts';
import type { TestProcess } from './processes.ts';
import { programs } from './programs.ts';

/** The environment without any variable of the gateway. */
export const bare = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };

interface Main extends TestProcess {
  readonly port: number;
  readonly url: string;
}

/**
 * Starts the program on a free port.
 *
 * @param program @default the bundle
 */
export async function startMain(
  environment: Record<string, string>,
  nodeOptions: string[] = [],
  options: SpawnOptions = {},
  program = programs.gateway,
): Promise<Main> {
  const port = await findFreePort();
  const main = startProcess('node', [...nodeOptions, program], {
    ...options,
    env: { ...bare, PORT: String(port), ...environment },
  });
  return { ...main, port, url: `http://127.0.0.1:${port}` };
}
