import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

/** The programs of this folder's packages before those of the repository. */
const programs = ['test/clients/node_modules/.bin', 'node_modules/.bin'].map((path) => resolve(path));
const env = { ...process.env, PATH: [...programs, process.env['PATH']].join(delimiter) };

export interface Project {
  readonly folder: string;
  /**
   * Runs a program of an installed package.
   *
   * @returns what it has written
   * @throws an Error with that, where it fails
   */
  run(program: string, ...args: string[]): Promise<string>;
}

/** A frontend's project that ends with the test: its files, with the tools and `bluejay-graphql` installed. */
export async function createProject(files: Readonly<Record<string, string | object>>): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'bluejay-frontend-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '@graphql-codegen'), { recursive: true });
  const install = (name: string, from: string) => symlink(resolve(from), join(modules, name));
  await Promise.all([
    ...(await readdir('test/clients/node_modules')).map((name) =>
      install(name, join('test/clients/node_modules', name)),
    ),
    ...['@graphql-codegen/cli', '@graphql-codegen/client-preset'].map((name) =>
      install(name, join('node_modules', name)),
    ),
    install('bluejay-graphql', '.'),
  ]);
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    // oxlint-disable-next-line no-await-in-loop -- few
    await mkdir(dirname(file), { recursive: true });
    // oxlint-disable-next-line no-await-in-loop -- few
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return {
    folder,
    async run(program, ...args) {
      const running = promisify(execFile)(program, args, { cwd: folder, env });
      const { stdout, stderr } = await running.catch((error: { stdout: string; stderr: string }) => {
        throw new Error(error.stdout + error.stderr);
      });
      return stdout + stderr;
    },
  };
}
