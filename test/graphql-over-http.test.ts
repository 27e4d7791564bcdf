import { auditServer } from 'graphql-http';
import { expect, test } from 'vitest';
import { startGateway } from './support/gateway.ts';

test('graphql-http finds no error, no warning, and no notice', async () => {
  const gateway = await startGateway();
  const results = await auditServer({ url: `${gateway.url}/graphql` });
  expect(results.length).toBeGreaterThan(50);
  expect(results.filter(({ status }) => status !== 'ok')).toEqual([]);
});
