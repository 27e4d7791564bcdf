// Started by scripts/mutate.ts, which sets the variables.
const { MUTATION_FILES = '', MUTATION_REPORT = '' } = process.env;

export default {
  mutate: MUTATION_FILES.split(' '),
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  // Forks: a worker thread has another stack size, on which the tests of deep documents depend.
  vitest: { configFile: 'scripts/mutation/vitest.config.ts', related: false, pool: 'forks' },
  coverageAnalysis: 'perTest',
  // Stryker rewrites tsconfig.json by the API of the compiler, which TypeScript 7 does not have.
  tsconfigFile: 'none',
  // A second run, with more tests, is about the mutants that the first one left.
  incremental: true,
  incrementalFile: `${MUTATION_REPORT}.incremental`,
  concurrency: 1,
  timeoutMS: 20_000,
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: MUTATION_REPORT },
};
