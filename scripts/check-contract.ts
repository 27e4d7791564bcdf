// Checks an OpenAPI document, the one that Bluejay publishes, against the endpoints that the gateway declares.
// Exit codes: 0 the contract holds, as far as the document says; 1 it is broken; 2 there is no document to check.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkEndpoints } from '../contract/check-endpoints.ts';
import { loadDocument } from '../contract/document.ts';
import { Uncheckable } from '../contract/report.ts';
import type { Kind } from '../contract/report.ts';
import { endpoints } from '../src/datasources/bluejay/index.ts';
import { credential, errorDialect } from '../src/datasources/bluejay/service.ts';

const usage = `Pass at most one OpenAPI 3 document after --: a file or a URL, JSON or YAML. For example:

  npm run check:contract -- https://bluejay.example/openapi.json

Without one, contract/bluejay.openapi.yaml is checked.`;

const ownDocument = fileURLToPath(new URL('../contract/bluejay.openapi.yaml', import.meta.url));

async function check([source, ...more]: readonly string[]): Promise<boolean> {
  if (more.length > 0) throw new Uncheckable(usage);
  const findings: Record<Kind, string[]> = { breaking: [], warning: [], harmless: [] };
  checkEndpoints(
    { endpoints, credential, errorDialect },
    await loadDocument(locate(source)),
    (kind, where, what) => {
      findings[kind].push(`  ${where}: ${what}\n`);
    },
  );
  const { breaking, warning, harmless } = findings;
  print('Breaking', breaking);
  print('Warnings', warning);
  print('Harmless', harmless);
  const holds = `The contract holds${warning.length === 0 ? '' : ', as far as it can be checked'}.\n`;
  const broken = 'The contract is broken: the gateway must change before it meets such an API.\n';
  process.stdout.write(breaking.length === 0 ? holds : broken);
  return breaking.length === 0;
}

function locate(source: string | undefined): string {
  if (source === undefined || /^https?:/i.test(source)) return source ?? ownDocument;
  // npm runs scripts in the project's folder; a path is meant from where the user is.
  return resolve(process.env['INIT_CWD'] ?? '.', source);
}

function print(heading: string, lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${heading} (${lines.length}):\n${lines.join('')}`);
}

try {
  if (!(await check(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof Uncheckable)) throw error;
  process.stderr.write(`Could not check the contract. ${error.message}\n`);
  process.exitCode = 2;
}
