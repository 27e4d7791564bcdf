import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { makeFolder } from './folder.ts';

interface Step {
  readonly name?: string;
  readonly run?: string;
}

const example = resolve('examples/ci');
const { jobs, env } = parse(readFileSync(join(example, 'customer-personas.yml'), 'utf8')) as {
  jobs: Readonly<Record<'check' | 'publish', { readonly steps: readonly Step[] }>>;
  env: Readonly<Record<string, string>>;
};

function commandOf(job: keyof typeof jobs, name: string): string {
  const step = jobs[job].steps.find((candidate) => candidate.name === name);
  if (step?.run === undefined) throw new Error(`${job} has no step “${name}” that runs something.`);
  return step.run;
}

/**
 * A copy of the example. Instead of an engine there is a `docker` that runs the gateway of this repository with the file
 * of variables that it is given, and prints `released.sdl` for the image that is said to run now.
 */
function copyExample(): string {
  const folder = makeFolder();
  cpSync(example, folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
  symlinkSync(join(example, 'node_modules'), join(folder, 'node_modules'));
  cpSync('schema.graphql', join(folder, 'released.sdl'));
  const docker = `#!/bin/sh -e
test "$1 $2 $3" = "run --rm --env-file"
if [ "$5" = released ]; then exec cat released.sdl; fi
set -a; . "./$4"
exec "${process.execPath}" "${resolve('src/main.ts')}" "$6"
`;
  writeFileSync(join(folder, 'docker'), docker, { mode: 0o755 });
  return folder;
}

/** Runs a step as GitHub Actions does. */
function run(folder: string, name: string) {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-e', '-o', 'pipefail', '-c', commandOf('check', name)],
    {
      cwd: folder,
      env: { ...env, RELEASED_IMAGE: 'released', HOME: folder, PATH: `${folder}:${process.env['PATH']}` },
      encoding: 'utf8',
    },
  );
  return { status, output: stdout + stderr };
}

const composing = ['Compose for Hive', 'Compose for Cosmo', 'Compose for Grafbase'].filter(
  (name) => !name.includes('Grafbase') || (process.platform === 'linux' && process.arch === 'x64'),
);
const sharing = 'Show which subgraphs share the entities';
const preparing = ['Print the SDL', 'Compare it with the last release', 'Add tags and a contact'];

test('the workflow’s steps check the subgraph and compose it with the others', { timeout: 60_000 }, () => {
  const folder = copyExample();
  for (const name of [...preparing, ...composing]) {
    const { status, output } = run(folder, name);
    expect(status, `${name}: ${output}`).toBe(0);
  }
  const { output } = run(folder, sharing);
  expect(output.match(/type Agent .*/)?.[0].match(/graph: \w+/g)).toEqual([
    'graph: AGENTS',
    'graph: CALLS',
    'graph: CUSTOMER_PERSONAS',
  ]);
  const supergraph = readFileSync(join(folder, 'supergraph.graphql'), 'utf8');
  expect(supergraph).toMatch(/type CustomerPersona .*@tag\(name: "partner"\)/s);
  // Rover cannot be run here.
  expect(
    jobs.check.steps.filter(({ name, run: command }) => name !== undefined && command !== undefined),
  ).toHaveLength(preparing.length + [sharing].length + ['Hive', 'Cosmo', 'Grafbase', 'Apollo'].length);
});

test.each(composing)('%s fails for a subgraph that does not fit', (name) => {
  const folder = copyExample();
  expect(run(folder, 'Print the SDL').status).toBe(0);
  const file = join(folder, 'subgraphs/agents.graphql');
  writeFileSync(file, readFileSync(file, 'utf8').replace('id: ID!\n', 'id: Int!\n'));
  const { status, output } = run(folder, name);
  expect(output).toMatch(/Agent\W+id/);
  expect(status).toBe(1);
});

test('the comparison fails for what the image that runs now has, and the next one has not', () => {
  const folder = copyExample();
  appendFileSync(join(folder, 'released.sdl'), 'extend type CustomerPersona { voice: String }\n');
  expect(run(folder, 'Print the SDL').status).toBe(0);
  const { status, output } = run(folder, 'Compare it with the last release');
  expect(output).toContain("'voice' was removed");
  expect(status).toBe(1);
});

describe('what publishes has only options that there are', () => {
  test.each([
    ['Publish to Hive', ['hive', 'schema:publish']],
    ['Publish to Cosmo', ['wgc', 'subgraph', 'publish']],
  ])('%s', (step, [program = '', ...words]) => {
    const command = commandOf('publish', step);
    expect(command).toContain(`npx ${program} ${words.join(' ')} `);
    const { stdout } = spawnSync(join(example, 'node_modules/.bin', program), [...words, '--help'], {
      encoding: 'utf8',
    });
    const options = command.match(/--[\w.-]+/g) ?? [];
    expect(options.filter((option) => !stdout.includes(option))).toEqual([]);
    expect(options).not.toEqual([]);
  });
});
