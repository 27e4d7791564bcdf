import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // It has dependencies of its own: npm run test:hive-gateway.
    exclude: ['test/hive-gateway/**'],
    // Modules load as in production: by Node itself, types stripped.
    testTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
    experimental: { viteModuleRunner: false },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      thresholds: { lines: 90 },
      reporter: ['text'],
    },
  },
});
