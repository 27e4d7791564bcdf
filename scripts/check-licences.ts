// Fails when a package that is installed has a licence that nobody has looked at: `npm run check:licences`.
// Reads the software bill of materials that npm makes of the lockfile (`npm run -s sbom` prints it).
import { execFileSync } from 'node:child_process';

/** May go into what others run: no conditions beyond keeping the notices. */
const permissive: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
]);

/** Fine for tools that are not passed on. */
const tools = new Set(['CC-BY-4.0', 'Elastic-2.0', 'MPL-2.0', 'Python-2.0']);

/** Packages that the gateway runs on under another licence, each with why that is fine. */
const exceptions: Readonly<Record<string, string>> = {
  // Of @apollo/subgraph. It forbids to offer the software itself to others as a managed service.
  '@apollo/federation-internals': 'Elastic-2.0',
};

interface Component {
  readonly name: string;
  readonly version: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
  readonly licenses?: readonly {
    readonly license?: { readonly id?: string; readonly name?: string };
    readonly expression?: string;
  }[];
}

/** Whether every part of an SPDX expression, or of one of its alternatives, will do. */
function isFine(expression: string, isTool: boolean): boolean {
  const alternatives = expression.replaceAll(/[()]/g, '').split(' OR ');
  return alternatives.some((choice) =>
    choice.split(' AND ').every((id) => permissive.has(id) || (isTool && tools.has(id))),
  );
}

function problemOf({ name, version, licenses = [], properties = [] }: Component): string | undefined {
  const isTool = properties.some((each) => each.name === 'cdx:npm:package:development');
  const expressions = licenses.map(
    ({ license, expression }) => expression ?? license?.id ?? license?.name ?? 'unnamed',
  );
  const unknown = expressions.filter(
    (expression) => !isFine(expression, isTool) && exceptions[name] !== expression,
  );
  if (licenses.length > 0 && unknown.length === 0) return undefined;
  return `${name} ${version}: ${unknown.join(', ') || 'no licence'}${isTool ? '' : ', which the gateway runs on'}`;
}

const sbom = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  }),
) as { components: Component[] };
const problems = sbom.components.flatMap((component) => problemOf(component) ?? []);
if (problems.length > 0) {
  process.stderr.write(
    `Nobody has looked at these licences. Add them to scripts/check-licences.ts with the reason why they are fine, or use another package:\n${problems.map((line) => `  ${line}\n`).join('')}`,
  );
  process.exitCode = 1;
} else {
  process.stdout.write(`The licences of ${sbom.components.length} packages are known and fine.\n`);
}
