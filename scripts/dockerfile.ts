import { readFileSync } from 'node:fs';

/** One line of a Dockerfile, such as `WORKDIR` and `/app`. */
export interface Instruction {
  readonly keyword: string;
  readonly text: string;
}

/** Reads `./Dockerfile`, which has one instruction a line. */
export function readDockerfile(): Instruction[] {
  const lines = readFileSync('Dockerfile', 'utf8').split('\n');
  const instructions = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return instructions.map((line) => {
    const [, keyword, text] = /^([A-Z]+) (.*[^\\])$/.exec(line) ?? [];
    if (keyword === undefined || text === undefined) throw new Error(`Expected one instruction: ${line}`);
    return { keyword, text };
  });
}

/** Reads the variables of an `ENV`, such as `A=1 B=2`. */
export function parseEnvironment(text: string): Record<string, string> {
  const pairs = text.split(' ').map((pair) => pair.split(/=(.*)/, 2));
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Returns how the image starts Node.js: its last stage has the arguments, and the environment. */
export function readImage(): {
  readonly args: readonly string[];
  readonly environment: Record<string, string>;
} {
  const instructions = readDockerfile();
  const last = (wanted: string) => instructions.findLast(({ keyword }) => keyword === wanted)?.text ?? '';
  const [, ...args] = JSON.parse(last('ENTRYPOINT')) as string[];
  return { args, environment: parseEnvironment(last('ENV')) };
}
