// Compares an OpenAPI document, Bluejay's published one above all, with what the gateway relies on.
// Exit codes: 0 the contract holds, as far as the document says; 1 it is broken; 2 there is no document to check.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareContract } from '../contract/compare-contract.ts';
import type { Difference } from '../contract/difference.ts';
import { loadDocument } from '../contract/load-document.ts';
import { Uncheckable } from '../contract/uncheckable.ts';

const usage = `Pass one OpenAPI 3 document after --, the one that Bluejay publishes: a file or a URL, JSON or YAML.
It is compared with contract/bluejay.openapi.yaml. For example:

  npm run check:contract -- openapi.json
  npm run check:contract -- https://bluejay.example/openapi.json`;

const contractFile = fileURLToPath(new URL('../contract/bluejay.openapi.yaml', import.meta.url));

async function check(sources: readonly string[]): Promise<boolean> {
  const [source] = sources;
  if (source === undefined || sources.length > 1) {
    throw new Uncheckable(usage);
  }
  // npm runs scripts in the project's folder; a path is meant from where the user is.
  const path = resolve(process.env['INIT_CWD'] ?? '.', source);
  const document = await loadDocument(/^https?:/i.test(source) ? source : path);
  const differences = compareContract(await loadDocument(contractFile), document);
  const of = (kind: Difference['kind']) => differences.filter((difference) => difference.kind === kind);
  const [breaking, uncheckable] = [of('breaking'), of('uncheckable')];
  print('Breaking', breaking);
  print('Warnings, cannot be checked', uncheckable);
  print('Harmless', of('harmless'));
  const holds = `The contract holds${uncheckable.length === 0 ? '' : ', as far as it can be checked'}.\n`;
  process.stdout.write(
    breaking.length === 0
      ? holds
      : 'The contract is broken: the gateway must change before it meets such an API.\n',
  );
  return breaking.length === 0;
}

function print(heading: string, differences: readonly Difference[]): void {
  if (differences.length === 0) return;
  const lines = differences.map(({ where, what }) => `  ${where}: ${what}\n`);
  process.stdout.write(`${heading} (${differences.length}):\n${lines.join('')}`);
}

try {
  if (!(await check(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof Uncheckable)) throw error;
  process.stderr.write(`Could not check the contract. ${error.message}\n`);
  process.exitCode = 2;
}
