import { expect, test } from 'vitest';
import { createKnownDocuments } from '../src/server/graphql/known-documents.ts';
import { startGateway } from './support/gateway.ts';

test('a refusal is remembered for a moment, but not with a name of any length', () => {
  const documents = createKnownDocuments();
  documents.addRefusal('{', { operationName: 'Short', errors: [] });
  expect(documents.refusalOf('{')?.operationName).toBe('Short');
  documents.addRefusal('{ a', { operationName: '€'.repeat(1_000_000), errors: [] });
  expect(documents.refusalOf('{ a')).toBeUndefined();
});

test('the operation that is named is executed or refused, whatever name the document came with before', async () => {
  const gateway = await startGateway();
  const one = 'query A { a: __typename }';
  const two = 'query A { a: __typename } query B { b: __typename }';
  const invalid = 'query A { nothing }';
  const named: [query: string, operationName: string | null | undefined, result: string][] = [
    [one, undefined, 'a'],
    [one, 'A', 'a'],
    [one, null, 'a'],
    [one, 'B', 'BAD_REQUEST'],
    [one, 'a', 'BAD_REQUEST'],
    [one, '', 'BAD_REQUEST'],
    [two, 'A', 'a'],
    [two, 'B', 'b'],
    [two, undefined, 'BAD_REQUEST'],
    [two, '__proto__', 'BAD_REQUEST'],
    ['query __proto__ { a: __typename } query B { b: __typename }', '__proto__', 'a'],
    [invalid, 'A', 'GRAPHQL_VALIDATION_FAILED'],
    [invalid, 'B', 'BAD_REQUEST'],
    [invalid, undefined, 'GRAPHQL_VALIDATION_FAILED'],
    ['fragment F on Query { __typename }', 'F', 'BAD_REQUEST'],
  ];
  for (const [query, operationName, result] of [...named, ...named.toReversed()]) {
    // oxlint-disable-next-line no-await-in-loop -- what came before is the point
    const response = await gateway.post({ query, operationName });
    // oxlint-disable-next-line no-await-in-loop
    const { data, errors } = (await response.json()) as Answer;
    expect([query, operationName, errors?.[0]?.extensions.code ?? Object.keys(data).join()]).toEqual([
      query,
      operationName,
      result,
    ]);
  }
});

test('an unknown name of an operation is repeated where it can be one', async () => {
  const gateway = await startGateway();
  const messageFor = async (operationName: string) => {
    const query = 'query A { __typename } query B { __typename }';
    const { errors } = (await (await gateway.post({ query, operationName })).json()) as Answer;
    return errors?.[0]?.message;
  };
  expect(await messageFor('C')).toBe('Unknown operation named "C".');
  for (const name of ['', 'a-secret', '<b>', 'C'.repeat(101)]) {
    // oxlint-disable-next-line no-await-in-loop -- few
    expect(await messageFor(name)).toBe('The "operationName" cannot be the name of an operation.');
  }
});

interface Answer {
  readonly data: Record<string, unknown>;
  readonly errors?: { readonly message: string; readonly extensions: { readonly code: string } }[];
}
