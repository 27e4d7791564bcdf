import { Agent, request as httpRequest } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import { createDataSourcesFactory } from '../../src/datasources/index.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { createSchema } from '../../src/schema/index.ts';
import { createFastLane } from '../../src/server/graphql/fast-lane.ts';
import type { Lane } from '../../src/server/graphql/request.ts';
import { createGraphQLRoute } from '../../src/server/graphql/route.ts';
import { createHttpServer } from '../../src/server/http/server.ts';
import { createInlineTracer } from '../../src/server/graphql/inline-trace.ts';
import { createPipeline } from '../../src/server/graphql/pipeline.ts';
import { createRepresentationLimit } from '../../src/server/graphql/representations.ts';
import { createRequestWatch } from '../../src/server/http/request-watch.ts';
import { createFormatResult } from '../../src/server/graphql/result.ts';
import { testConfig } from './config.ts';
import { clinic, startGateway } from './gateway.ts';
import type { TestGatewayOptions } from './gateway.ts';
import { createYogaLane } from './yoga-lane.ts';

/** What is sent down both lanes: a JSON body unless it is text or bytes. */
export interface LaneRequest {
  /** @default POST */
  readonly method?: string;
  /** @default `content-type: application/json`; undefined leaves one out */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: unknown;
}

interface LaneResponse {
  readonly status: number | undefined;
  /** As they were sent, but for `date`. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** How many requests were answered with data alone, with data and errors, with errors alone or not at all. */
export interface Outcomes {
  data: number;
  partial: number;
  refused: number;
}

export interface Lanes {
  readonly sandbox: Sandbox;
  /**
   * Sends each request down both lanes, down the fast one also compiled, and a second time, when it is known.
   * Fails with the answers of those requests that were not answered alike.
   *
   * @returns how they were answered, for tests to see that they test what they say
   */
  expectSame(requests: readonly LaneRequest[], options?: { readonly repeats?: boolean }): Promise<Outcomes>;
}

export type LanesOptions = Pick<
  TestGatewayOptions,
  'auth' | 'baseUrl' | 'requestTimeoutMs' | 'maxRepresentations'
>;

/** How many requests are under way at a time on each lane. */
const concurrency = 8;

/** A gateway as it is, and one whose lane is Yoga's own HTTP handling, in front of one sandbox. */
export async function startLanes(options: LanesOptions = {}): Promise<Lanes> {
  const {
    auth = { mode: 'service', apiKey: clinic.apiKey },
    requestTimeoutMs = 5_000,
    maxRepresentations = 1_000,
  } = options;
  const { url: fast, sandbox } = await startGateway({
    ...options,
    auth,
    requestTimeoutMs,
    maxRepresentations,
  });
  const logger = createLogger('silent');
  const bluejay = await createBluejay({
    baseUrl: options.baseUrl ?? sandbox.url,
    userAgent: 'reference',
    auth: auth.mode,
    timeoutMs: 5_000,
  });
  const schema = createSchema();
  const { limits, maxResponseBytes } = testConfig({});
  const shared = {
    schema,
    createDataSources: createDataSourcesFactory({ customerPersonas: bluejay.customerPersonas }),
    formatResult: createFormatResult(logger),
    limitRepresentations: createRepresentationLimit(maxRepresentations),
  };
  const agent = new Agent({ keepAlive: true });
  onTestFinished(async () => {
    agent.destroy();
    await bluejay.close();
  });
  const serve = async (lane: Lane) => {
    const graphql = { lane, auth, requestTimeoutMs, serverTiming: false };
    const route = createGraphQLRoute({ ...graphql, graphiql: undefined, trustedDocuments: undefined });
    const server = createHttpServer({
      ...testConfig({}).http,
      routes: new Map([['/graphql', route]]),
      logger,
      watch: createRequestWatch({ logger }),
    });
    onTestFinished(() => server.close(0, 0));
    return server.listen(0, '127.0.0.1');
  };
  const reference = await serve(createYogaLane(shared));
  // As the gateway's own once an operation has proved to be common.
  const compiled = await serve(
    createFastLane({
      ...shared,
      pipeline: createPipeline({ schema, limits, exposure: { introspection: true, serviceSdl: true } }),
      inlineTracer: createInlineTracer(createSchema),
      maxResponseBytes,
      runsBeforeCompiling: 0,
    }),
  );

  return {
    sandbox,
    async expectSame(requests, { repeats = true } = {}) {
      const wanted: Record<string, LaneResponse> = {};
      const got: Record<string, LaneResponse> = {};
      const outcomes: Outcomes = { data: 0, partial: 0, refused: 0 };
      const queue = requests.entries();
      async function work() {
        for (const [index, request] of queue) {
          const [right, first, other] = await Promise.all([
            send(reference, request, agent),
            send(fast, request, agent),
            send(compiled, request, agent),
          ]);
          outcomes[outcomeOf(right)] += 1;
          const answers = [first, other, ...(repeats ? [await send(fast, request, agent)] : [])];
          const wrong = answers.find((answer) => !isSame(answer, right));
          if (wrong === undefined) continue;
          const name = `${index} ${JSON.stringify(request).slice(0, 1_000)}${wrong === first ? '' : wrong === other ? ' compiled' : ' again'}`;
          wanted[name] = right;
          got[name] = wrong;
        }
      }
      await Promise.all(Array.from({ length: concurrency }, work));
      expect(got).toEqual(wanted);
      return outcomes;
    },
  };
}

function outcomeOf({ body }: LaneResponse): keyof Outcomes {
  if (body.startsWith('{"data":')) return 'data';
  return body.includes('"data":') ? 'partial' : 'refused';
}

function isSame(one: LaneResponse, other: LaneResponse): boolean {
  return JSON.stringify(comparable(one)) === JSON.stringify(comparable(other));
}

/** All but what time alone decides. */
function comparable({ status, headers, body }: LaneResponse): LaneResponse {
  return {
    status,
    headers: headers.map((header) => header.replace(/max-age=\d+/, 'max-age=…')),
    body: withErrorsInOrder(body),
  };
}

/** The errors of reads that ran side by side stand in the order in which the reads failed. */
function withErrorsInOrder(body: string): string {
  if (!body.startsWith('{"errors":[')) return body;
  const { errors, ...rest } = JSON.parse(body) as { errors: { path?: unknown[] }[] };
  if (errors.length < 2 || errors.some(({ path }) => path === undefined)) return body;
  const sorted = errors.map((error) => JSON.stringify(error)).toSorted();
  return JSON.stringify({ length: body.length, sorted, rest });
}

async function send(origin: string, request: LaneRequest, agent: Agent): Promise<LaneResponse> {
  const { method = 'POST', body = '' } = request;
  const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'x-request-id': 'same-on-both',
    'content-length': Buffer.byteLength(bytes),
    ...request.headers,
  };
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    httpRequest(`${origin}/graphql`, { method, agent, headers: defined(headers) })
      .once('error', reject)
      .once('response', resolve)
      .end(bytes);
  });
  const { rawHeaders } = response;
  return {
    status: response.statusCode,
    headers: rawHeaders.flatMap((name, index) =>
      index % 2 === 1 || name.toLowerCase() === 'date' ? [] : [`${name}: ${rawHeaders[index + 1]}`],
    ),
    body: await readText(response),
  };
}

function defined(headers: Record<string, string | string[] | number | undefined>) {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string | string[] | number] => entry[1] !== undefined,
    ),
  );
}
