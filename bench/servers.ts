// The servers under test.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readImage } from '../scripts/dockerfile.ts';
import type { Program, Programs } from './programs.ts';

export interface ServerKind {
  readonly name: string;
  /** Relative to the project. */
  readonly file: string;
  readonly env: (upstream: string) => Readonly<Record<string, string>>;
}

export interface Server {
  readonly name: string;
  readonly program: Program;
}

const root = join(import.meta.dirname, '..');

/** How the image starts the gateway. */
const image = readImage();

/** The old generation that Node.js gives itself in a container of 512 MiB, the limit in `deploy/kubernetes`. */
const oldGeneration = '--max-old-space-size=256';

/** @param youngMb the size of the young generation */
export const heapWith = (youngMb: number): readonly string[] => [
  oldGeneration,
  `--max-semi-space-size=${youngMb}`,
];

/** The heap of all servers, with the young generation of the image. */
export const heap: readonly string[] = [
  oldGeneration,
  ...image.args.filter((argument) => argument.startsWith('--')),
];

const production = { NODE_ENV: 'production' };
const reference = (UPSTREAM: string) => ({ ...production, UPSTREAM });

const gatewayEnvironment = (BLUEJAY_BASE_URL: string) => ({
  ...image.environment,
  HOST: '127.0.0.1',
  LOG_LEVEL: 'warn',
  METRICS_PORT: '0',
  BLUEJAY_BASE_URL,
  BLUEJAY_API_KEY: 'bench-key',
});

export const floor: ServerKind = { name: 'floor', file: 'bench/floor.ts', env: reference };

export const refuser: ServerKind = { name: 'refuser', file: 'bench/refuser.ts', env: () => production };

export const gateway: ServerKind = { name: 'gateway', file: 'build/main.js', env: gatewayEnvironment };

export const cachedGateway: ServerKind = {
  ...gateway,
  name: 'gateway with its cache',
  env: (upstream) => ({ ...gatewayEnvironment(upstream), PERSONA_CACHE_TTL_MS: '3600000' }),
};

/** @param workers how many serve on its port */
export const gatewayOf = (workers: number): ServerKind => ({
  ...gateway,
  name: `WORKERS=${workers}`,
  env: (upstream) => ({ ...gatewayEnvironment(upstream), WORKERS: String(workers) }),
});

export const mercurius: ServerKind = {
  name: 'Mercurius + JIT',
  file: 'bench/references/mercurius.mjs',
  env: reference,
};

export const references: readonly ServerKind[] = [
  mercurius,
  { name: 'plain Yoga', file: 'bench/references/yoga.mjs', env: reference },
];

export async function startServer(
  kind: ServerKind,
  programs: Programs,
  upstream: Program,
  flags = heap,
): Promise<Server> {
  if (kind.file === gateway.file) buildGateway();
  const program = await programs.start('server', (port) => ({
    command: process.execPath,
    args: [...flags, kind.file],
    env: { ...kind.env(upstream.url), PORT: String(port) },
    cwd: root,
  }));
  return { name: kind.name, program };
}

let isBuilt = false;

/** The gateway is started as the image starts it: bundled, and with its code compiled. */
export function buildGateway(): void {
  if (isBuilt) return;
  isBuilt = true;
  for (const args of [['scripts/bundle.mjs'], ['scripts/warm-up.mjs', gateway.file]]) {
    // What the bundle is made of, which it prints, is no result.
    const { status } = spawnSync(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error(`node ${args.join(' ')} failed.`);
  }
}

/** The references have dependencies of their own, which only the benchmark needs. */
export function installReferences(): void {
  const cwd = join(root, 'bench/references');
  if (existsSync(join(cwd, 'node_modules'))) return;
  process.stdout.write('Installing what the reference servers need …\n');
  const { status } = spawnSync('npm', ['ci', '--silent'], { cwd, stdio: 'inherit' });
  if (status !== 0) throw new Error('Cannot install the reference servers: run npm ci in bench/references.');
}
