import { variableGroups } from '../src/config/variables.ts';
import type { Variable } from '../src/config/variable.ts';

type Heading = keyof typeof variableGroups;

const introduction = `# Configuration

For operators: every environment variable of the gateway, so that you can set the ones that you need.

\`npm run generate\` writes this page from \`src/config\`. \`npm start -- --help\` prints the same list.

The gateway reads its variables once, at the start. An empty variable counts as unset. If a variable is wrong, the gateway
exits with 1 and prints a line for each mistake, which names the variable and what is expected.

Start with these:

- **Nothing set**: the gateway answers from its sandbox, with invented personas. Never in production.
- \`BLUEJAY_API_KEY\`: the gateway calls Bluejay with its own key for everybody who reaches it. Restrict who does.
- \`BLUEJAY_AUTH=forward\`: each caller sends its own key, and the gateway never uses one of its own.
- \`NODE_ENV=production\`: turns GraphiQL and introspection off, logs JSON, and drains before it stops.

Durations are in milliseconds where the name ends in \`_MS\`, and sizes in bytes where it ends in \`_BYTES\`.
`;

/** What a reader should know before the variables of a group. */
const notes: Partial<Readonly<Record<Heading, string>>> = {
  Bluejay: `Without \`BLUEJAY_BASE_URL\`, \`BLUEJAY_API_KEY\` and \`BLUEJAY_AUTH\` the gateway uses the sandbox, outside production. With
\`forward\` a read without a key, or with a malformed one, fails with \`UNAUTHENTICATED\`. Callers share calls in flight and
cached personas only if they send the same key.`,
  'Cached personas': `The gateway follows the caching headers of Bluejay ([how](reliability.md#how-caching-headers-are-read)). Its own answers
have \`Cache-Control: no-store\`, or \`private\` with the shortest lifetime that Bluejay gives anything in them.`,
  'Limits on operations': `An operation that breaks a limit is refused with \`QUERY_TOO_COMPLEX\` before any read
([what each limit is for](security.md#threats-and-controls)).`,
  'Trusted documents': `[How to make the file, and what clients send](security.md#trusted-documents).`,
  'Names in the schema': `[When to change them](federation.md#names-that-you-have-already).`,
  Traces: `These are OpenTelemetry's variables ([which others have an effect](operations.md#traces)). They are read only where traces are on.`,
};

/** Prints `docs/configuration.md`. */
export function printConfigurationPage(): string {
  const sections = Object.entries(variableGroups).map(([heading, group]) => {
    const note = notes[heading as Heading];
    return `## ${heading}\n\n${note === undefined ? '' : `${note}\n\n`}${printTable(group)}`;
  });
  return `${introduction}\n${sections.join('\n')}`;
}

function printTable(group: Readonly<Record<string, Variable>>): string {
  const rows = Object.entries(group).map(
    ([name, { default: value, description }]) =>
      `| \`${name}\` | ${formatDefault(value)} | ${description} |\n`,
  );
  return `| Variable | Default | Meaning |\n| --- | --- | --- |\n${rows.join('')}`;
}

/** A default is a value, or a sentence with the values as code. */
function formatDefault(value: string): string {
  return value === '' || /[ `]/.test(value) ? value : `\`${value}\``;
}
