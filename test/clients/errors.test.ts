import { resolve } from 'node:path';
import { GraphQLError } from 'graphql';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { errorCodes, fieldErrors, isRetryable, retryAfterMs } from '../../src/errors.ts';
import { exampleId, startGateway, unknownId } from '../support/gateway.ts';
import { findFreePort } from '../support/ports.ts';
import { senders } from './senders.ts';

const read = (error: unknown) => ({
  codes: errorCodes(error),
  isRetryable: isRetryable(error),
  retryAfterMs: retryAfterMs(error),
  fieldErrors: fieldErrors(error),
});

const persona = `{ persona(id: "${exampleId}") { name } }`;
const wrongAgent = '{ personasByAgent(agentId: "nobody") { name } }';

describe.each(Object.entries(senders))('%s', (_, send) => {
  test('a read that failed may be repeated', async () => {
    const gateway = await startGateway();
    gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 503 } });
    expect(read(await send(`${gateway.url}/graphql`, persona))).toEqual({
      codes: ['UPSTREAM_UNAVAILABLE'],
      isRetryable: true,
      retryAfterMs: undefined,
      fieldErrors: [],
    });
  });

  test('an input that was refused says which', async () => {
    const gateway = await startGateway();
    const error = await send(`${gateway.url}/graphql`, wrongAgent);
    expect(read(error)).toMatchObject({ codes: ['BAD_USER_INPUT'], isRetryable: false });
    expect(fieldErrors(error)).toEqual([
      { path: ['agentId'], message: expect.any(String) as string, type: expect.any(String) as string },
    ]);
  });

  test('a request that is refused as a whole says when to come again', async () => {
    const gateway = await startGateway({ protection: { rateLimit: { points: 1, windowSeconds: 60 } } });
    await gateway.post({ query: persona });
    const error = await send(`${gateway.url}/graphql`, persona);
    expect(read(error)).toMatchObject({ codes: ['RATE_LIMITED'], isRetryable: true });
    expect(retryAfterMs(error)).toBeGreaterThan(0);
    expect(retryAfterMs(error)).toBeLessThanOrEqual(60_000);
  });

  test('one of several errors that would come again makes the request one that is not repeated', async () => {
    const gateway = await startGateway();
    gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 500 }, personaId: unknownId });
    const document = `{ persona(id: "${unknownId}") { name } ${wrongAgent.slice(1)}`;
    const error = await send(`${gateway.url}/graphql`, document);
    expect(errorCodes(error).toSorted()).toEqual(['BAD_USER_INPUT', 'UPSTREAM_ERROR']);
    expect(isRetryable(error)).toBe(false);
    expect(fieldErrors(error)).toHaveLength(1);
  });

  test('without an answer nothing is known, nor repeated', async () => {
    const error = await send(`http://127.0.0.1:${await findFreePort()}/graphql`, persona);
    expect(error).toBeDefined();
    expect(read(error)).toEqual({ codes: [], isRetryable: false, retryAfterMs: undefined, fieldErrors: [] });
  });
});

test('results, lists of errors and single errors are read, those of graphql-js too', () => {
  const extensions = { code: 'OVERLOADED', retryable: true, retryAfterMs: 1_000 };
  const error = { message: 'Too much', extensions };
  const expected = { codes: ['OVERLOADED'], isRetryable: true, retryAfterMs: 1_000 };
  for (const given of [
    error,
    [error],
    { errors: [error] },
    { data: null, errors: [error], extensions: {} },
  ]) {
    expect(read(given)).toMatchObject(expected);
  }
  expect(read(new GraphQLError('Too much', { extensions }))).toMatchObject(expected);
  const later = { ...error, extensions: { ...extensions, retryAfterMs: 5_000 } };
  expect(retryAfterMs([error, later, error])).toBe(5_000);
});

test('a write of which the outcome is unknown is not repeated, one that was not done is', () => {
  const errorWith = (outcome: string) => ({
    message: 'Bluejay did not answer in time.',
    extensions: { code: 'UPSTREAM_TIMEOUT', retryable: true, outcome },
  });
  expect(isRetryable(errorWith('unknown'))).toBe(false);
  expect(isRetryable(errorWith('not_applied'))).toBe(true);
});

test('what is no error of the gateway’s has nothing to say', () => {
  const foreign = {
    message: 'A router’s',
    extensions: { code: 'SUBREQUEST_HTTP_ERROR', fieldErrors: [{ path: 'id' }] },
  };
  for (const value of [
    undefined,
    null,
    'text',
    0,
    {},
    [],
    [null],
    new Error('x'),
    { bodyText: '<html>' },
    foreign,
  ]) {
    expect(read(value)).toEqual({ codes: [], isRetryable: false, retryAfterMs: undefined, fieldErrors: [] });
  }
});

test('a bundle holds only what is imported, and no package', async () => {
  const entry = '\0entry';
  const bundle = await rolldown({
    input: entry,
    platform: 'browser',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) =>
          id === entry
            ? `export { isRetryable } from ${JSON.stringify(resolve('src/errors.ts'))};`
            : undefined,
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'esm' });
  const [{ code, imports }] = output;
  expect(imports).toEqual([]);
  expect(code).toContain('isRetryable');
  expect(code).not.toMatch(/fieldErrors|retryAfterMs|GRAPHQL_PARSE_FAILED/);
});
