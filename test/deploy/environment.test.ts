import { expect, test } from 'vitest';
import { parseConfig, variables } from '../../src/config/index.ts';
import { readComposeEnvironment, readContainerEnvironment, readImageEnvironment } from './environment.ts';

const image = readImageEnvironment();
const deployments = {
  'the image': { ...image, BLUEJAY_API_KEY: 'a-proper-key' },
  Kubernetes: { ...image, ...readContainerEnvironment() },
  compose: { ...image, ...readComposeEnvironment() },
};

test.each(Object.entries(deployments))('every variable that %s sets is one the gateway reads', (_, set) => {
  // glibc reads the other.
  const known = new Set([...Object.keys(variables), 'MALLOC_MMAP_THRESHOLD_']);
  expect(Object.keys(set).filter((name) => !known.has(name))).toEqual([]);
});

test.each(Object.entries(deployments))('the gateway starts on what %s sets', (_, environment) => {
  const result = parseConfig(environment);
  expect(result).toMatchObject({ ok: true });
  if (!result.ok) return;
  expect(result.config).toMatchObject({
    environment: 'production',
    // A container is reached from outside, over IPv4 or IPv6.
    host: '::',
    port: 4_000,
    graphiql: false,
    upstream: { kind: 'bluejay', auth: { mode: 'service' } },
  });
});
