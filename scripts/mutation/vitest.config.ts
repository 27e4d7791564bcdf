import { defineConfig } from 'vitest/config';
import config from '../../vitest.config.ts';

const tests = process.env['MUTATION_TESTS'] ?? '';
// The projects name their own tests.
const { projects: _, ...shared } = config.test ?? {};

export default defineConfig({
  // A change that lets a promise hang costs a whole timeout.
  test: { ...shared, include: tests.split(' '), exclude: [], testTimeout: 10_000 },
});
