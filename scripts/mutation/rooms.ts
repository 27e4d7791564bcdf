export interface Room {
  /** Patterns of the files whose code is changed. */
  readonly mutate: readonly string[];
  /** Tests that take milliseconds: they run for each mutant. */
  readonly quick: readonly string[];
  /** Tests that run for the mutants that the quick ones do not notice. */
  readonly slow: readonly string[];
}

/** The folders under mutation testing, each with the tests that must notice a change of its code. */
export const rooms: Readonly<Record<string, Room>> = {
  resilience: {
    mutate: ['src/datasources/upstream/resilience/*.ts'],
    quick: ['test/resilience/{policies,chain}.test.ts'],
    slow: [
      'test/resilience/{circuit,deadline,retries,tenants}.test.ts',
      'test/{cancellation,client-alone}.test.ts',
    ],
  },
  cache: {
    mutate: ['src/datasources/upstream/cache/*.ts'],
    quick: [
      'test/resilience/{cache-parts,cache-tiers,forgotten-keys-policy}.test.ts',
      'test/writes/{generations,fences}.test.ts',
    ],
    slow: [
      'test/resilience/{cache,forgotten-keys,shared-cache,redis-health,redis-refusals}.test.ts',
      'test/cache-control.test.ts',
      'test/writes/*.test.ts',
    ],
  },
  admission: {
    mutate: ['src/server/admission/*.ts'],
    quick: ['test/security/{admission,memory-ledger}.test.ts', 'test/router-secret.test.ts'],
    slow: ['test/security/{overload,memory,rate-limit,rate-limit-overdraft}.test.ts'],
  },
  errors: {
    mutate: ['src/server/graphql/errors.ts'],
    quick: ['test/error-table.test.ts'],
    slow: ['test/{errors,bad-input}.test.ts'],
  },
};
