import type { GraphQLSchema } from 'graphql';
import type { CustomerPersonasClient } from '../../src/datasources/bluejay/index.ts';
import { createDataSourcesFactory } from '../../src/datasources/index.ts';
import type { Logger } from '../../src/observability/logger.ts';
import { createSchema } from '../../src/schema/index.ts';
import { createExecutor } from '../../src/server/graphql/executor.ts';
import type { Executor } from '../../src/server/graphql/request.ts';
import { createInlineTracer } from '../../src/server/graphql/inline-trace.ts';
import { createPipeline } from '../../src/server/graphql/pipeline.ts';
import { createRepresentationLimit } from '../../src/server/graphql/representations.ts';
import { createFormatResult } from '../../src/server/graphql/result.ts';
import { testConfig } from './config.ts';

interface TestExecutorOptions {
  readonly logger: Logger;
  readonly schema?: GraphQLSchema;
  /** @default true */
  readonly introspection?: boolean;
  /** @default a Bluejay without any persona */
  readonly customerPersonas?: CustomerPersonasClient;
  /** How often graphql-js runs an operation before it is compiled. @default 50 */
  readonly runsBeforeCompiling?: number;
}

/** For a data source of a test's own that is only read. */
export function noWrites(): Pick<CustomerPersonasClient, 'create' | 'update' | 'delete'> {
  const never = () => Promise.reject(new Error('Nothing is written here'));
  return { create: never, update: never, delete: never };
}

const noPersonas: CustomerPersonasClient = {
  get: () => Promise.resolve({ value: null, freshUntil: 0 }),
  listByAgent: () => Promise.resolve({ value: [], freshUntil: 0 }),
  ...noWrites(),
};

/** Creates the gateway's executor on a data source of the test's: for defects that no upstream can cause. */
export function createTestExecutor({
  logger,
  schema = createSchema(),
  introspection = true,
  customerPersonas = noPersonas,
  runsBeforeCompiling = 50,
}: TestExecutorOptions): Executor {
  return createExecutor({
    schema,
    pipeline: createPipeline({
      schema,
      limits: testConfig({}).limits,
      exposure: { introspection, serviceSdl: true },
    }),
    createDataSources: createDataSourcesFactory({ customerPersonas }),
    formatResult: createFormatResult(logger),
    limitRepresentations: createRepresentationLimit(1_000),
    inlineTracer: createInlineTracer(createSchema),
    maxResponseBytes: testConfig({}).maxResponseBytes,
    suggests: introspection,
    runsBeforeCompiling,
  });
}
