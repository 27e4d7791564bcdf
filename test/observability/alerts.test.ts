import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { personaQuery, personasQuery } from '../../examples/frontend/operations.ts';
import { exampleId, someIds, startGateway } from '../support/gateway.ts';
import { isMissing } from '../support/processes.ts';
import { parseSamples } from '../support/prometheus-text.ts';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly runbook: string };
}

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly datasource?: { readonly uid: string };
    readonly targets?: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly query: { readonly query: string } }[] };
}

const read = (file: string) => readFileSync(file, 'utf8');
const { groups } = parse(read('deploy/prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/grafana/dashboards/bluejay-graphql.json')) as Dashboard;
const dashboardExpressions = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  // label_values(metric, label)
  ...dashboard.templating.list.map(
    ({ query }) => /^label_values\((\w+), \w+\)$/.exec(query.query)?.[1] ?? '',
  ),
].map((expr) => expr.replaceAll('$__rate_interval', '5m'));

/** The metrics and labels that a PromQL expression refers to. */
function parsePromql(expression: string): { metrics: string[]; labels: string[] } {
  const found = { metrics: [] as string[], labels: [] as string[] };
  parser.parse(expression).iterate({
    enter({ type, from, to }) {
      if (type.isError) throw new Error(`Not PromQL at ${from}: ${expression}`);
      if (type.name === 'Identifier') found.metrics.push(expression.slice(from, to));
      if (type.name === 'LabelName') found.labels.push(expression.slice(from, to));
    },
  });
  return found;
}

/** Of a gateway that has had something of everything that the labels are about. */
async function exposed(): Promise<{ metrics: Set<string>; labels: Set<string> }> {
  const gateway = await startGateway({ metrics: { host: '127.0.0.1', port: 0 } });
  await gateway.query(personaQuery, { id: exampleId });
  await gateway.query(personasQuery, { ids: someIds(101) });
  const text = await gateway.metrics();
  const metrics = new Set(parseSamples(text).map(({ name }) => name));
  // What has had no value yet is declared all the same.
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    metrics.add(name);
    if (type === 'histogram') for (const end of ['bucket', 'sum', 'count']) metrics.add(`${name}_${end}`);
  }
  for (const { record } of rules) if (record !== undefined) metrics.add(record);
  const labels = new Set(parseSamples(text).flatMap((sample) => Object.keys(sample.labels)));
  // What Prometheus adds itself, and what only garbage collection has.
  for (const label of ['instance', 'job', 'kind']) labels.add(label);
  return { metrics, labels };
}

test('every metric and label in the alerts and on the dashboard exists', async () => {
  const { metrics, labels } = await exposed();
  const expressions = [...rules.map(({ expr }) => expr), ...dashboardExpressions];
  expect(expressions.length).toBeGreaterThan(60);
  const unknown = expressions.flatMap((expression) => {
    const found = parsePromql(expression);
    const names = [
      ...found.metrics.filter((name) => !metrics.has(name)),
      ...found.labels.filter((name) => !labels.has(name)),
      ...(found.metrics.length === 0 ? ['no metric at all'] : []),
    ];
    return names.map((name) => `${name} in ${expression}`);
  });
  expect(unknown).toEqual([]);
});

test('every metric of the gateway’s is on the dashboard or in an alert', async () => {
  const used = [...rules.map(({ expr }) => expr), ...dashboardExpressions].join('\n');
  const { metrics } = await exposed();
  const families = [...metrics]
    .filter((name) => name.startsWith('bluejay_graphql_'))
    .map((name) => name.replace(/_(bucket|sum|count)$/, ''));
  expect([...new Set(families)].filter((name) => !used.includes(name))).toEqual([]);
});

test('every alert has its entry in the run book, and every entry its alert', () => {
  const runBook = read('docs/operations.md');
  const alerts = rules.flatMap(({ alert, annotations }) =>
    alert === undefined ? [] : [{ alert, annotations }],
  );
  for (const { alert, annotations } of alerts) {
    expect(annotations?.runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
  }
  const entries = [...runBook.matchAll(/^#+ (BluejayGraphql\w+)$/gm)].map(([, name]) => name);
  expect(entries).toHaveLength(alerts.length);
  expect(new Set(entries)).toEqual(new Set(alerts.map(({ alert }) => alert)));
});

test('every panel asks the Prometheus that is provisioned, and has a title of its own', () => {
  const { datasources } = parse(read('deploy/grafana/provisioning/datasources/prometheus.yaml')) as {
    datasources: { uid: string }[];
  };
  const sources = dashboard.panels.flatMap(({ datasource }) => datasource?.uid ?? []);
  expect(new Set(sources)).toEqual(new Set([datasources[0]?.uid]));
  const titles = dashboard.panels.map(({ title }) => title);
  expect(new Set(titles).size).toBe(titles.length);
});

test.skipIf(isMissing('promtool', '--version'))(
  'Prometheus takes the rules, and each alert goes off when it should [needs promtool]',
  () => {
    const promtool = (...args: string[]) => spawnSync('promtool', args, { encoding: 'utf8' });
    const checked = promtool('check', 'rules', 'deploy/prometheus/alerts.yaml');
    expect(checked.stdout + checked.stderr).toContain('SUCCESS');
    const tested = promtool('test', 'rules', 'test/observability/alert-rules.yaml');
    expect(tested.stdout + tested.stderr).toMatch(/SUCCESS\s*$/);
  },
);
