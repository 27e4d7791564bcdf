import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They have dependencies of their own: npm run test:clients, test:gateways and test:web.
    exclude: ['test/clients/**', 'test/gateways/**', 'test/web/**'],
    globalSetup: 'test/support/global-setup.ts',
    // A worker loads the modules once for all of its files. What a test changes outside of itself, it restores.
    isolate: false,
    // They wait more than they compute: on two cores Vitest would run one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
    // Modules load as in production: by Node itself, types stripped.
    experimental: { viteModuleRunner: false },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      thresholds: { lines: 90 },
      reporter: ['text'],
    },
  },
});
