import { auditServer } from 'graphql-http';
import { expect, test } from 'vitest';
import { startGateway } from './support/gateway.ts';

// What the specification permits and the gateway leaves out: queries by GET. A link or an image tag on
// any page could send them with no preflight, and documents in URLs end up in the logs of every proxy.
const acceptedNotices = [
  '5A70 MAY accept application/x-www-form-urlencoded formatted GET requests',
  'D6D5 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
  '6A70 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json',
];

test('graphql-http finds no error, no warning, and no notice that is not explained', async () => {
  const gateway = await startGateway();
  const results = await auditServer({ url: `${gateway.url}/graphql` });
  expect(results.length).toBeGreaterThan(50);
  const findings = results.filter(({ status }) => status !== 'ok');
  expect(findings.filter(({ status }) => status !== 'notice')).toEqual([]);
  expect(findings.map(({ id, name }) => `${id} ${name}`)).toEqual(acceptedNotices);
});
