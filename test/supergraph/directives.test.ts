import { ApolloGateway } from '@apollo/gateway';
import { expect, onTestFinished, test } from 'vitest';
import { composers, subgraphs } from './composers.ts';
import { sectionOf } from './guide.ts';

// The gateway would look for a cloud's metadata service.
process.env['APOLLO_TELEMETRY_DISABLED'] = 'true';

/** The rows of the guide's table, without code marks: directive, a column for each composer, the gateway's. */
const rows = sectionOf('Directives')
  .match(/^\| `@.*\|$/gm)
  ?.map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', ''))) as [
  empty: string,
  directive: string,
  ...composers: string[],
][];

/** The subgraphs with a directive on `personas(ids:)`, and no others of ours. */
function withDirective(directive: string) {
  const name = /^@\w+/.exec(directive)?.[0] ?? '';
  const isFederation = name !== '@deprecated' && name !== '@cacheControl';
  const sdl = subgraphs['customer-personas']
    .replaceAll(/ @listSize\([^)]*\)/g, '')
    .replace(/import: \[.*\]/, `import: ["@key"${isFederation ? `, "${name}"` : ''}]`)
    .replace('): [CustomerPersona]\n', `): [CustomerPersona] ${directive}\n`);
  const definition =
    name === '@cacheControl' ? '\ndirective @cacheControl(maxAge: Int) on FIELD_DEFINITION\n' : '';
  expect(sdl).toContain(directive);
  return { ...subgraphs, 'customer-personas': sdl + definition };
}

/** Whether Apollo's gateway takes a supergraph. */
async function loads(supergraphSdl: string): Promise<boolean> {
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const gateway = new ApolloGateway({ supergraphSdl, logger: quiet });
  onTestFinished(() => gateway.stop());
  return gateway.load().then(
    () => true,
    () => false,
  );
}

test.each(rows.map(([, directive, ...cells]) => ({ directive, cells })))(
  '$directive composes where the guide says so',
  async ({ directive, cells }) => {
    const compositions = composers.map(([, compose]) => compose(withDirective(directive)));
    const [apollo] = compositions;
    const supergraphSdl = compositions.every(({ ok }) => ok) && apollo?.ok === true && apollo.supergraphSdl;
    expect([
      ...compositions.map(({ ok }) => (ok ? 'yes' : 'no')),
      supergraphSdl ? ((await loads(supergraphSdl)) ? 'yes' : 'no') : '',
    ]).toEqual(cells.slice(0, composers.length + 1));
  },
);

test.each(['v2.10', 'v2.11', 'v2.12', 'v2.13', 'v2.14'])(
  'Federation %s is refused by Hive’s library alone',
  (version) => {
    const sdl = subgraphs['customer-personas'].replace('federation/v2.9', `federation/${version}`);
    expect(sdl).toContain(`/${version}"`);
    const compositions = composers.map(([name, compose]) => [
      name,
      compose({ ...subgraphs, 'customer-personas': sdl }).ok,
    ]);
    expect(compositions).toEqual([
      ['@apollo/composition', true],
      ['@theguild/federation-composition', false],
      ['@wundergraph/composition', true],
    ]);
  },
);
