import { defineConfig } from 'vitest/config';
import config from '../../vitest.config.ts';

const tests = process.env['MUTATION_TESTS'] ?? '';

export default defineConfig({
  // A change that lets a promise hang costs a whole timeout.
  test: { ...config.test, include: tests.split(' '), exclude: [], testTimeout: 10_000 },
});
