import { GraphQLError } from 'graphql';
import { test } from 'vitest';
import { UpstreamError } from '../../src/datasources/upstream/errors.ts';
import { formatErrors } from '../../src/server/graphql/errors.ts';

const context = { requestId: 'bench', onFailure: () => {}, onUnforeseen: () => {} };

const failed = (originalError: Error) =>
  new GraphQLError(originalError.message, { path: ['persona'], originalError });

test('turning an error into one of the table', async ({ bench }) => {
  const ofBluejay = failed(
    new UpstreamError(
      { kind: 'invalid_input', fieldErrors: [{ path: ['id'], message: 'Archived', type: 'value_error' }] },
      { service: 'bluejay', operation: 'getCustomerPersona', status: 422 },
    ),
  );
  const unforeseen = failed(new TypeError('a defect'));
  const ofGraphQL = new GraphQLError('Cannot query field "shoeSize".', {
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
  await bench.compare(
    bench('a 422 of Bluejay’s', () => {
      formatErrors([ofBluejay], context);
    }),
    bench('a validation error', () => {
      formatErrors([ofGraphQL], context);
    }),
    bench('a defect', () => {
      formatErrors([unforeseen], context);
    }),
  );
});
