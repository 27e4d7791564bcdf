import { hash } from 'node:crypto';
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { personaQuery, personasQuery } from '../examples/frontend/operations.ts';
import { createSchema } from '../src/schema/index.ts';
import { createLogger } from '../src/observability/logger.ts';
import type { GraphQLRequest } from '../src/server/graphql/request.ts';
import { createStatistics } from '../src/server/http/statistics.ts';
import { clinic, exampleId, startGateway, unknownId } from './support/gateway.ts';
import { createTestExecutor, noWrites } from './support/executor.ts';

test('a request is one line: operation, status, duration, request id, upstream calls', async () => {
  const gateway = await startGateway();
  const ids = clinic.personas.slice(0, 3).map(({ id }) => id);
  await gateway.query(personasQuery, { ids }, { 'x-request-id': 'one-line' });
  expect(gateway.logs).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      msg: 'request',
      requestId: 'one-line',
      method: 'POST',
      route: '/graphql',
      status: 200,
      durationMs: expect.any(Number) as number,
      operationName: 'Personas',
      operationType: 'query',
      operationHash: hash('sha256', personasQuery.toString()).slice(0, 16),
      upstreamCalls: 3,
      upstreamMs: expect.any(Number) as number,
      cache: { miss: 3 },
      errorCodes: {},
      brokenLimits: {},
      failures: {},
    },
  ]);
});

test('the line says why reads failed', async () => {
  const gateway = await startGateway();
  await gateway.sandbox.close();
  await gateway.query(personaQuery, { id: exampleId });
  expect(gateway.logs).toMatchObject([{ failures: { 'unavailable: ECONNREFUSED': 1 } }]);
});

test('the line counts the codes of the errors, and holds no variable, path or body', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({
    personaId: exampleId,
    fault: { kind: 'answer', status: 500, body: 'canary' },
  });
  await gateway.query(personasQuery, { ids: [exampleId, unknownId] });
  await fetch(`${gateway.url}/canary?canary`);
  expect(gateway.logs).toMatchObject([
    { errorCodes: { UPSTREAM_ERROR: 1 }, failures: { 'unexpected_status (500)': 1 }, upstreamCalls: 2 },
    { route: 'unknown', status: 404, errorCodes: { BAD_REQUEST: 1 } },
  ]);
  expect(gateway.logText()).not.toContain(exampleId);
  expect(gateway.logText()).not.toContain('canary');
});

test('an operation name of any length is cut to 100 characters', async () => {
  const gateway = await startGateway();
  await gateway.post({ query: `query ${'N'.repeat(1000)} { __typename }` });
  expect(gateway.logs[0]?.['operationName']).toBe('N'.repeat(100));
});

const request: GraphQLRequest = {
  params: {
    query: personaQuery.toString(),
    operationName: undefined,
    variables: { id: exampleId },
    extensions: undefined,
  },
  mediaType: 'application/json',
  requestId: 'defect-1',
  caller: { apiKey: clinic.apiKey },
  statistics: createStatistics(),
  wantsTrace: false,
};

test('a defect is masked for the client and logged once, with its cause, under the request id', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('info', {
    write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const defect = () => Promise.reject(new TypeError('canary is not a function'));
  const execute = createTestExecutor({
    logger,
    customerPersonas: { get: defect, listByAgent: defect, ...noWrites() },
  });
  const response = await execute(request);
  expect(response.status).toBe(200);
  expect(JSON.parse(response.body)).toEqual({
    data: { persona: null },
    errors: [
      {
        message: 'Something went wrong; report the requestId.',
        locations: [{ line: 3, column: 3 }],
        path: ['persona'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'defect-1' },
      },
    ],
  });
  expect(lines).toMatchObject([
    {
      level: 'error',
      requestId: 'defect-1',
      err: { type: 'TypeError', message: 'canary is not a function' },
    },
  ]);
});

test('a value that graphql-js cannot write is masked, and in no line of the log', async () => {
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line) => lines.push(line) });
  const schema = buildSchema('type Query { count: Int }');
  const execute = createTestExecutor({ schema, logger });
  Object.assign(schema.getQueryType()?.getFields()['count'] ?? {}, { resolve: () => 'canary' });
  const { body } = await execute({ ...request, params: { ...request.params, query: '{ count }' } });
  expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });
  expect(lines).toHaveLength(1);
  expect(body + lines.join('')).not.toContain('canary');
});

test('a defect before execution is a masked 500', async () => {
  const schema = createSchema();
  Object.defineProperty(schema, 'getQueryType', {
    value: () => {
      throw new Error('canary');
    },
  });
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line) => lines.push(line) });
  const execute = createTestExecutor({ schema, logger });
  const response = await execute(request);
  expect(response.status).toBe(500);
  expect(response.body).not.toContain('canary');
  expect(JSON.parse(response.body)).toMatchObject({
    errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
  });
  expect(lines.join('')).toContain('canary');
});

test('a key or a header that gets into a log call by mistake is blotted out', () => {
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line) => lines.push(line) });
  logger.info({
    apiKey: 'canary',
    headers: { 'x-api-key': 'canary' },
    caller: { apiKey: 'canary', headers: 'canary' },
  });
  expect(lines.join('')).not.toContain('canary');
});
