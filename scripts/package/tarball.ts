import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const documents = ['CHANGELOG.md', 'LICENSE', 'README.md', 'api.graphql', 'package.json', 'schema.graphql'];

/**
 * Checks what a tarball holds: the documents and compiled code with its types.
 *
 * @throws an Error that names what is missing or too much
 */
export function checkFiles(tarball: string): void {
  const list = execFileSync('tar', ['--list', '--gzip', '--file', tarball], { encoding: 'utf8' });
  const files = list
    .trim()
    .split('\n')
    .map((path) => path.replace('package/', ''));
  const missing = documents.filter((path) => !files.includes(path));
  // A declaration map would point to sources that are not in the package.
  const surplus = files.filter((path) => !documents.includes(path) && !/^dist\/.*\.(js|d\.ts)$/.test(path));
  const untyped = files.filter(
    (path) => path.endsWith('.js') && !files.includes(path.replace(/js$/, 'd.ts')),
  );
  if (missing.length + surplus.length + untyped.length === 0) return;
  throw new Error(
    `The package lacks [${missing.join(', ')}], should not have [${surplus.join(', ')}], and has no types for [${untyped.join(', ')}].`,
  );
}

/** @throws an Error with all that publint has to say, suggestions included */
export async function checkManifest(tarball: string): Promise<void> {
  const { buffer } = Uint8Array.from(readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
  const lines = messages.map((message) => formatMessage(message, pkg, { color: false }));
  if (lines.length > 0) throw new Error(`publint says:\n${lines.join('\n')}`);
}

/** @throws an Error where TypeScript would resolve an entry point to wrong types, or to none */
export function checkTypeResolution(tarball: string): void {
  // The package is for `import` alone, and the schemas are files, not modules.
  const options = ['--profile', 'esm-only', '--exclude-entrypoints', 'api.graphql', 'schema.graphql'];
  const { status, stdout } = spawnSync('node_modules/.bin/attw', [tarball, ...options], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`@arethetypeswrong/cli says:\n${stdout}`);
}
