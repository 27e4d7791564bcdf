import { expect, test } from 'vitest';
import { createSchema } from '../src/schema/index.ts';
import { createKnownDocuments } from '../src/server/graphql/known-documents.ts';

test('a refusal is remembered for a moment, but not with a name of any length', () => {
  const documents = createKnownDocuments(createSchema(), 50);
  documents.refuse('{', { operationName: 'Short', errors: [] });
  expect(documents.refusalOf('{')?.operationName).toBe('Short');
  documents.refuse('{ a', { operationName: '€'.repeat(1_000_000), errors: [] });
  expect(documents.refusalOf('{ a')).toBeUndefined();
});
