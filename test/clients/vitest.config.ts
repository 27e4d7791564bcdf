import { defineConfig } from 'vitest/config';
import { shared } from '../../vitest.config.ts';

export default defineConfig({
  // Compilers and child processes start more slowly than gateways.
  test: { ...shared, include: ['test/clients/*.test.ts'], testTimeout: 60_000 },
});
