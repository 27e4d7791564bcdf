import { expect, onTestFinished } from 'vitest';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import type { Executor } from '../../src/server/graphql/request.ts';
import { createStatistics } from '../../src/server/http/statistics.ts';
import type { Cancellation } from '../../src/shared/cancellation.ts';
import { clinic } from './gateway.ts';
import { createTestExecutor } from './executor.ts';

interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

/** How many requests were answered with data alone, with data and errors, or with errors alone. */
export interface Outcomes {
  data: number;
  partial: number;
  refused: number;
}

export interface BothExecutors {
  readonly sandbox: Sandbox;
  /**
   * Answers each request by graphql-js and by the compiled operation. Fails with the answers that differ.
   *
   * @returns how they were answered, for tests to see that they test what they say
   */
  expectSame(requests: readonly OperationRequest[], signal?: Cancellation): Promise<Outcomes>;
}

/** An executor that never compiles and one that compiles at once, in front of one sandbox. All else they share. */
export async function startBothExecutors(): Promise<BothExecutors> {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  const bluejay = await createBluejay({ baseUrl: sandbox.url, userAgent: 'test' });
  onTestFinished(() => bluejay.close());
  const options = { logger: createLogger('silent'), customerPersonas: bluejay.customerPersonas };
  const interpreted = createTestExecutor({ ...options, runsBeforeCompiling: Infinity });
  const compiled = createTestExecutor({ ...options, runsBeforeCompiling: 0 });

  return {
    sandbox,
    async expectSame(requests, signal) {
      const wanted: Record<string, string> = {};
      const got: Record<string, string> = {};
      const outcomes: Outcomes = { data: 0, partial: 0, refused: 0 };
      for (const [index, request] of requests.entries()) {
        // oxlint-disable-next-line no-await-in-loop -- one at a time: the bulkhead has a limit
        const answers = await Promise.all(
          [interpreted, compiled].map((execute) => ask(execute, request, signal)),
        );
        const [right = '', other = ''] = answers;
        outcomes[outcomeOf(right)] += 1;
        if (right === other) continue;
        const name = `${index} ${JSON.stringify(request).slice(0, 1_000)}`;
        wanted[name] = right;
        got[name] = other;
      }
      expect(got).toEqual(wanted);
      return outcomes;
    },
  };
}

async function ask(
  execute: Executor,
  request: OperationRequest,
  signal: Cancellation | undefined,
): Promise<string> {
  const { query, operationName, variables } = request;
  const { status, body, cacheControl } = await execute({
    params: { query, operationName, variables, extensions: undefined },
    mediaType: 'application/graphql-response+json',
    requestId: 'same-on-both',
    caller: { apiKey: clinic.apiKey, signal },
    statistics: createStatistics(),
    wantsTrace: false,
  });
  // Time alone decides the age.
  return [status, cacheControl.replace(/max-age=\d+/, 'max-age=…'), withErrorsInOrder(body)].join('\n');
}

function outcomeOf(answer: string): keyof Outcomes {
  if (!answer.includes('"data":')) return 'refused';
  return answer.includes('{"errors":[') ? 'partial' : 'data';
}

/** Reads that run side by side fail in any order. */
function withErrorsInOrder(body: string): string {
  if (!body.startsWith('{"errors":[')) return body;
  const { errors, ...rest } = JSON.parse(body) as { errors: unknown[] };
  return JSON.stringify({ errors: errors.map((error) => JSON.stringify(error)).toSorted(), ...rest });
}
