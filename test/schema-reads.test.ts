import { expect, test } from 'vitest';
import { createSchema, declareReads } from '../src/schema/index.ts';

test('a field with arguments that declares no reads is refused, so that none escapes the rate limit', () => {
  expect(() =>
    createSchema({
      extend: (builder) => {
        builder.queryField('copy', (t) =>
          t.string({ args: { id: t.arg.id({ required: true }) }, resolve: () => '' }),
        );
      },
    }),
  ).toThrow("Query.copy: say what it reads, with extensions: declareReads({ reads: 'one' }).");
});

test('reads for each item of an argument that the field does not have are refused', () => {
  expect(() =>
    createSchema({
      extend: (builder) => {
        builder.queryField('copies', (t) =>
          t.string({
            args: { ids: t.arg.idList({ required: true }) },
            extensions: declareReads({ reads: 'each', of: 'keys', limit: 'ids' }),
            resolve: () => '',
          }),
        );
      },
    }),
  ).toThrow('Query.copies: say what it reads');
});
