import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** What test/clients, test/gateways and test/web have in common with the tests here. */
export const shared = {
  // Two more than there are cores, because tests wait for half of their time.
  maxWorkers: availableParallelism() + 2,
  // A busy machine may take long; a test that passes does not wait for these.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 30_000 } },
  // Modules load as in production: by Node itself, types stripped.
  experimental: { viteModuleRunner: false },
};

/** Tests whose subject is a program: other processes use most of their time. */
const endToEnd = [
  'test/{chaos,rolling-restart,workers}/**/*.test.ts',
  'test/{advisories,command-line,fastapi,graphiql,listen,new-field,optional-packages,sandbox,sbom}.test.ts',
  'test/{schema-changes,schema-names,start,testing}.test.ts',
  'test/contract/check-contract.test.ts',
  'test/deploy/kubernetes.test.ts',
  'test/doctor/{certificates,proxy}.test.ts',
  'test/observability/{alerts,log-output,logs}.test.ts',
  'test/resilience/proxies.test.ts',
  'test/security/attacks.test.ts',
  'test/supergraph/{example,guide}.test.ts',
];
// They have dependencies of their own: npm run test:clients, test:gateways and test:web.
const elsewhere = ['test/clients/**', 'test/gateways/**', 'test/web/**'];

export default defineConfig({
  test: {
    ...shared,
    projects: [
      {
        extends: true,
        test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: [...elsewhere, ...endToEnd] },
      },
      { extends: true, test: { name: 'e2e', include: endToEnd } },
    ],
    globalSetup: 'test/support/global-setup.ts',
    // For what tests start from the source. Node.js reads it at its start, so workers do without.
    env: { NODE_COMPILE_CACHE: resolve('node_modules/.cache/tests') },
    // A worker loads the modules once for all of its files.
    isolate: false,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      thresholds: { lines: 90 },
      reporter: ['text'],
    },
  },
});
