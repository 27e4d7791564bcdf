import { defineConfig } from 'vitest/config';
import config from '../../vitest.config.ts';

export default defineConfig({
  // Compilers and child processes start more slowly than gateways.
  test: { ...config.test, include: ['test/clients/*.test.ts'], exclude: [], testTimeout: 60_000 },
});
