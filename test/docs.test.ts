import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { variables } from '../src/config/index.ts';
import { errorTable } from '../src/shared/error-codes.ts';
import { startGateway } from './support/gateway.ts';

/** The rows of the tables under a heading, each a list of cells without code marks. */
function tableUnder(heading: string, file: string): string[][] {
  const [, section = ''] = readFileSync(file, 'utf8').split(`\n## ${heading}\n`);
  return rowsOf(section.split('\n## ')[0] ?? '');
}

/** The rows of all tables in a text, without their heads. */
function rowsOf(markdown: string): string[][] {
  return (markdown.match(/^\|.*\|$/gm) ?? [])
    .filter((row, index, rows) => !isRule(row) && !isRule(rows[index + 1] ?? ''))
    .map((row) => row.split('|').slice(1, -1).map(plain));
}

const isRule = (row: string) => /^[| :-]+$/.test(row);
const byFirst = ([a = '']: readonly string[], [b = '']: readonly string[]) => a.localeCompare(b);

const plain = (markdown: string) => markdown.replaceAll('`', '').trim();

test('the configuration page has each variable once, with the default and the meaning that the gateway has', () => {
  const page = readFileSync('docs/configuration.md', 'utf8');
  const rows = rowsOf(page);
  const expected = Object.entries(variables).map(([name, variable]) => [
    name,
    plain(variable.default),
    plain(variable.description),
  ]);
  expect(rows.toSorted(byFirst)).toEqual(expected.toSorted(byFirst));
});

test('the error table is the one that the gateway uses', () => {
  const documented = tableUnder('Codes', 'docs/errors.md').map(([code, when]) => [code, when]);
  expect(documented).toEqual(Object.entries(errorTable).map(([code, when]) => [code, plain(when)]));
});

test('every variable that the source names exists', () => {
  const existing = [...Object.keys(variables), ...Object.keys(errorTable), 'NODE_EXTRA_CA_CERTS'];
  existing.push('NODE_TLS_REJECT_UNAUTHORIZED');
  const prefixes = new Set(Object.keys(variables).map((name) => name.split('_', 1)[0]));
  const named = globSync('src/**/*.ts')
    .flatMap((file) => readFileSync(file, 'utf8').match(/(?<![.\w])[A-Z]+(?:_[A-Z]+)+\b/g) ?? [])
    .filter((name) => prefixes.has(name.split('_', 1)[0] ?? ''));
  expect(named.length).toBeGreaterThan(100);
  // Several are named by what their names begin with.
  expect(named.filter((name) => !existing.some((each) => each.startsWith(name)))).toEqual([]);
});

test('the server and what observes it name no service and no field of the schema', () => {
  const files = globSync('src/{server/{http,graphql},observability}/**/*.ts');
  const names = files.filter((file) => /bluejay|persona|\bagents?\b/i.test(readFileSync(file, 'utf8')));
  expect(files.length).toBeGreaterThan(50);
  expect(names).toEqual([]);
});

test('each threat names a test and a variable that there are', () => {
  const rows = tableUnder('Threats and controls', 'docs/security.md');
  expect(rows.length).toBeGreaterThan(20);
  const namesIn = (cell = '') => cell.split(', ').filter((name) => name !== '');
  for (const [threat, , , variable, tests] of rows) {
    expect({ threat, tests: namesIn(tests).length }).not.toEqual({ threat, tests: 0 });
    expect(namesIn(tests).filter((name) => !existsSync(`test/${name}.test.ts`))).toEqual([]);
    expect(namesIn(variable).filter((name) => !Object.hasOwn(variables, name))).toEqual([]);
  }
});

test('every runtime dependency says why it is there', () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };
  const documented = tableUnder('Runtime dependencies', 'docs/architecture.md').map(([name]) => name);
  expect(documented).toEqual(Object.keys({ ...dependencies, ...peerDependencies }).toSorted());
  expect(Object.values(dependencies)).not.toContainEqual(expect.stringMatching(/[^\d.]/));
});

test('the README’s query has the README’s answer', async () => {
  const readme = readFileSync('README.md', 'utf8');
  const body = /-d '(\{"query".*\})'/.exec(readme)?.[1] ?? '';
  const answer = /```json\n([^`]*)```/.exec(readme)?.[1] ?? '';
  const gateway = await startGateway();
  expect(await (await gateway.post(body)).json()).toEqual(JSON.parse(answer));
});

test('the error page says of every code what to do', () => {
  const documented = tableUnder('What to do', 'docs/errors.md').map(([code]) => code);
  expect(documented).toEqual(Object.keys(errorTable));
});

test('each objective is watched by alerts that there are', () => {
  const alerts = readFileSync('deploy/prometheus/alerts.yaml', 'utf8');
  const watching = tableUnder('Objectives', 'docs/platform.md').map((row) => row.slice(2));
  expect(watching).toHaveLength(2);
  expect(watching.flat().filter((alert) => !alerts.includes(`alert: ${alert}\n`))).toEqual([]);
});

test('the page for platforms names only variables that there are', () => {
  const named = readFileSync('docs/platform.md', 'utf8').match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [];
  expect(named.filter((name) => !Object.hasOwn(variables, name) && name !== 'RATE_LIMITED')).toEqual([]);
});

test('each link of a page leads to a file and a heading that there are', () => {
  const pages = globSync('{*.md,docs/*.md,examples/*/README.md}');
  const broken = pages.flatMap((page) =>
    Array.from(
      readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)/g),
      ([link, path = '', anchor = '']) => {
        const target = path === '' ? page : join(dirname(page), path);
        const isThere = existsSync(target) && (anchor === '' || anchorsOf(target).includes(anchor));
        return isThere ? '' : `${page}: ${link}`;
      },
    ).filter((each) => each !== ''),
  );
  expect(pages.length).toBeGreaterThan(15);
  expect(broken).toEqual([]);
});

/** The anchors of a page's headings, as Git hosts make them. */
function anchorsOf(page: string): string[] {
  return Array.from(readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('each promise of the reliability page names tests that there are', () => {
  const page = readFileSync('docs/reliability.md', 'utf8');
  const named = [...page.matchAll(/_Tests?:\s([^_]+)_/g)].flatMap(
    ([, names = '']) => names.match(/[\w/-]+/g) ?? [],
  );
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !existsSync(`test/${name}.test.ts`))).toEqual([]);
});
