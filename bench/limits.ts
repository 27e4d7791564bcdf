// Measures what the limits on operations cost an ordinary request: this process's CPU per request, with and without
// them, all but HTTP and Bluejay included. `npm run bench:limits` prints the medians of paired rounds. The check of an
// answer's size is part of every executor, so it is timed alone, in a loop.
import { createYoga } from 'graphql-yoga';
import { parseConfig } from '../src/config/index.ts';
import { createDataSourcesFactory } from '../src/datasources/index.ts';
import { createLogger } from '../src/observability/logger.ts';
import { createSchema } from '../src/schema/index.ts';
import { createExecutor } from '../src/server/graphql/executor.ts';
import { parseGraphQLParams } from '../src/server/graphql/params.ts';
import type { Executor } from '../src/server/graphql/request.ts';
import { createInlineTracer } from '../src/server/graphql/inline-trace.ts';
import { isSurelyLarger } from '../src/server/graphql/limits/response-size.ts';
import { createPipeline } from '../src/server/graphql/pipeline.ts';
import type { Pipeline } from '../src/server/graphql/pipeline.ts';
import { createRepresentationLimit } from '../src/server/graphql/representations.ts';
import type { RepresentationLimit } from '../src/server/graphql/representations.ts';
import { createFormatResult } from '../src/server/graphql/result.ts';
import { createStatistics } from '../src/server/http/statistics.ts';
import { createTrustedDocuments } from '../src/server/graphql/trusted-documents/documents.ts';

const rounds = 41;
const concurrency = 32;

const result = parseConfig({ NODE_ENV: 'production' });
if (!result.ok) throw new Error(result.problems.join('\n'));
const { limits, maxRepresentations, maxResponseBytes } = result.config;
const schema = createSchema();

const never = () => Promise.reject(new Error('Nothing is written here'));
const createDataSources = createDataSourcesFactory({
  customerPersonas: {
    get: (id) =>
      Promise.resolve({
        value: {
          id,
          createdAt: '2023-11-07T05:31:56Z',
          name: 'Anxious first-time patient',
          description: 'Thirty-four, and never had an operation',
          goal: 'Learn how to prepare',
          orgId: '6f1d2b7e-5a0c-4c58-9d1e-2f6a4b8c0d11',
        },
        freshUntil: 0,
      }),
    create: never,
    update: never,
    delete: never,
    listByAgent: () => Promise.resolve({ value: [], freshUntil: 0 }),
  },
});

function createTestedExecutor(pipeline: Pipeline, limitRepresentations: RepresentationLimit): Executor {
  return createExecutor({
    pipeline,
    schema,
    createDataSources,
    formatResult: createFormatResult(createLogger('silent')),
    limitRepresentations,
    inlineTracer: createInlineTracer(createSchema),
    maxResponseBytes,
  });
}

const limited = createTestedExecutor(
  createPipeline({ schema, limits, exposure: { introspection: false, serviceSdl: false } }),
  createRepresentationLimit(maxRepresentations),
);

const unlimited = createTestedExecutor(
  // The same as createPipeline's, without the limits.
  createYoga({
    schema,
    maskedErrors: false,
    batching: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    logging: false,
    maxRequestBodySize: false,
    multipart: false,
  }),
  () => undefined,
);

const trustedDocuments = createTrustedDocuments(new Map(), false);

interface Scenario {
  readonly name: string;
  /** How many requests a round has. */
  readonly requests: number;
  readonly query: string;
  readonly variables: () => object;
}

let next = 0;
const nextId = () => `00000000-0000-4000-8000-${String((next += 1)).padStart(12, '0')}`;

const scenarios: readonly Scenario[] = [
  {
    name: 'one persona',
    requests: 20_000,
    query: 'query Persona($id: UUID!) { persona(id: $id) { id createdAt name description goal orgId } }',
    variables: () => ({ id: nextId() }),
  },
  {
    name: '100 entities',
    requests: 1_000,
    query: `query Entities($representations: [_Any!]!) {
      _entities(representations: $representations) { ... on CustomerPersona { id name description goal } }
    }`,
    variables: () => ({
      representations: Array.from({ length: 100 }, () => ({ __typename: 'CustomerPersona', id: nextId() })),
    }),
  },
];

/** @returns the answer's body */
async function ask({ query, variables }: Scenario, isLimited: boolean): Promise<string> {
  const body = Buffer.from(JSON.stringify({ query, variables: variables() }));
  const { status, body: answer } = await (isLimited ? limited : unlimited)({
    params: parseGraphQLParams(body, isLimited ? trustedDocuments : undefined),
    mediaType: 'application/json',
    requestId: 'bench',
    caller: { apiKey: 'a-proper-key' },
    statistics: createStatistics(),
    wantsTrace: false,
  });
  if (status !== 200) throw new Error(`status ${status}`);
  return answer;
}

/** CPU microseconds of this process per request. */
async function measure(scenario: Scenario, isLimited: boolean): Promise<number> {
  let left = scenario.requests;
  const before = process.cpuUsage();
  const work = async () => {
    while (left > 0) {
      left -= 1;
      // oxlint-disable-next-line no-await-in-loop -- one request after the other is what a client does
      await ask(scenario, isLimited);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / scenario.requests;
}

/** CPU microseconds that it takes to find out that an answer is not too large. */
async function measureSizeCheck(scenario: Scenario): Promise<number> {
  const { data } = JSON.parse(await ask(scenario, true)) as { data: unknown };
  const before = process.cpuUsage();
  for (let time = 0; time < scenario.requests; time += 1) {
    if (isSurelyLarger(data, maxResponseBytes)) throw new Error('An ordinary answer is too large');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / scenario.requests;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

// oxlint-disable no-await-in-loop -- rounds are interleaved, so that both meet the same machine
for (const scenario of scenarios) {
  await measure(scenario, false);
  await measure(scenario, true);
  const pairs: { off: number; on: number }[] = [];
  const checks: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const pair = { off: 0, on: 0 };
    const order = round % 2 === 0 ? [false, true] : [true, false];
    for (const isLimited of order) pair[isLimited ? 'on' : 'off'] = await measure(scenario, isLimited);
    pairs.push(pair);
    checks.push(await measureSizeCheck(scenario));
  }
  const off = median(pairs.map((pair) => pair.off));
  const on = median(pairs.map((pair) => pair.on));
  const cost = median(pairs.map((pair) => pair.on - pair.off));
  process.stdout.write(
    `${scenario.name}: limits off ${off.toFixed(1)} µs, on ${on.toFixed(1)} µs: ${cost.toFixed(1)} µs of CPU per request, ` +
      `and ${median(checks).toFixed(1)} µs for the size of the answer (medians of ${rounds} pairs, ${scenario.requests} requests each, Node.js ${process.version})\n`,
  );
}
