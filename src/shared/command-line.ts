// The programs import nothing else before the check of Node.js' version: code that an old version cannot parse or link
// would end it with a stack.
import { requiredNode, version } from '../version.ts';

/** Describes a program for its `--help`. */
export interface Program {
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** By name, without the dashes; each takes a value. @default none */
  readonly options?: Readonly<Record<string, OptionDescription>>;
  /** By name: what it prints instead of running. @default none */
  readonly commands?: Readonly<Record<string, Command>>;
  /** Loads the environment variables that configure it. @default none */
  readonly loadVariables?: () => Promise<Readonly<Record<string, OptionDescription>>>;
}

interface OptionDescription {
  readonly default: string;
  readonly description: string;
}

interface Command {
  readonly description: string;
  /** @returns what goes to standard output, or what is wrong, without the last line's end */
  readonly print: () => Promise<{ readonly text: string } | { readonly problem: string }>;
}

/** The parts of the process that a command line reads and writes. */
type CommandLineProcess = Pick<NodeJS.Process, 'argv' | 'versions' | 'stdout' | 'stderr' | 'exit'>;

/**
 * Reads a program's command line. Exits with 0 for `--help`, `--version` and commands, with 1 on a Node.js that is too old,
 * with 2 for an unknown argument. Its messages repeat no value.
 *
 * @returns the value of each option
 */
export async function readCommandLine(
  program: Program,
  { argv, versions, stdout, stderr, exit }: CommandLineProcess,
): Promise<ReadonlyMap<string, string>> {
  const { name, options = {}, commands = {} } = program;
  async function end(
    stream: NodeJS.WritableStream,
    text: string | Promise<string>,
    exitCode: number,
  ): Promise<never> {
    const line = await text;
    // A reader that closes early, such as `head`, is no failure.
    stream.on('error', () => {});
    await new Promise((written) => {
      stream.write(`${line}\n`, written);
    });
    return exit(exitCode);
  }

  if (!isSupported(versions.node)) {
    const needed = requiredNode.join('.').replace(/(\.0)+$/, '');
    await end(stderr, `${name} needs Node.js ${needed} or newer; this is Node.js ${versions.node}.`, 1);
  }
  const values = new Map(
    Object.entries(options).map(([option, description]) => [option, description.default]),
  );
  const args = argv.slice(2);
  if (args.length === 0) return values;
  const wrong = (what: string) => end(stderr, `${name}: ${what}. See ${name} --help.`, 2);

  const { parseArgs } = await import('node:util');
  const { tokens } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
      ...Object.fromEntries(Object.keys(options).map((option) => [option, { type: 'string' }] as const)),
    },
    // The messages of `strict` have several lines.
    strict: false,
    tokens: true,
  });
  const [first] = tokens;
  if (tokens.length === 1 && first?.kind === 'positional') {
    const command = Object.hasOwn(commands, first.value) ? commands[first.value] : undefined;
    if (command !== undefined) {
      const printed = await command.print();
      return 'text' in printed ? end(stdout, printed.text, 0) : end(stderr, printed.problem, 1);
    }
  }
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') return wrong('it takes no such argument');
    const { name: option, rawName, value } = token;
    if (values.has(option)) {
      if (value === undefined) return wrong(`${rawName} needs a value`);
      values.set(option, value);
    } else if (option === 'help') return end(stdout, describe(program), 0);
    else if (option === 'version') return end(stdout, version, 0);
    else return wrong(`unknown option ${JSON.stringify(rawName)}`);
  }
  return values;
}

/** @param node a version such as `24.1.0` */
export function isSupported(node: string): boolean {
  const parts = node.split('.').map((part) => Number.parseInt(part, 10));
  const different = requiredNode.findIndex((part, index) => part !== parts[index]);
  return different === -1 || (parts[different] ?? 0) > (requiredNode[different] ?? 0);
}

async function describe({
  name,
  summary,
  options = {},
  commands = {},
  loadVariables,
}: Program): Promise<string> {
  const rows = Object.entries(commands).map(([command, { description }]): Row => [command, description]);
  for (const [option, { default: value, description }] of Object.entries(options)) {
    rows.push([`--${option} <${option}>`, withDefault(description, value)]);
  }
  rows.push(['-h, --help', 'Prints this.'], ['-v, --version', 'Prints the version.']);
  const usage = `${name} ${version}: ${summary}\n\n${formatRows(rows)}`;
  if (loadVariables === undefined) return usage;
  const variables = await loadVariables();
  const variableRows = Object.entries(variables).map(([variable, { default: value, description }]): Row => {
    return [variable, withDefault(description, value)];
  });
  return `${usage}\n\nEnvironment variables:\n${formatRows(variableRows)}`;
}

type Row = readonly [term: string, meaning: string];

function withDefault(description: string, value: string): string {
  return value === '' ? description : `${description} Default: ${value}.`;
}

function formatRows(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([term]) => term.length));
  // The descriptions are Markdown.
  return rows.map(([term, meaning]) => `  ${term.padEnd(width)}  ${meaning.replaceAll('`', '')}`).join('\n');
}
