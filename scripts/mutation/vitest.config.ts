import { defineConfig } from 'vitest/config';
import config from '../../vitest.config.ts';

const { MUTATION_TESTS = '', MUTATION_TEST_TIMEOUT_MS } = process.env;
// The projects name their own tests.
const { projects: _, ...shared } = config.test ?? {};

export default defineConfig({
  test: {
    ...shared,
    include: MUTATION_TESTS.split(' '),
    exclude: [],
    testTimeout: Number(MUTATION_TEST_TIMEOUT_MS),
  },
});
