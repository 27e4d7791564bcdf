import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { completeConfig } from '../../src/config/complete.ts';
import { configOf } from '../support/config.ts';
import { clinic, exampleId } from '../support/gateway.ts';
import { send } from '../support/send.ts';
import { run, startWriter, update, writesTo } from '../support/writes.ts';

const headers = { 'x-api-key': clinic.apiKey };
const deletion = `mutation { deleteCustomerPersona(input: { id: "${exampleId}" }) { deletedId } }`;
const manyDeletions = (count: number) =>
  `mutation { ${Array.from({ length: count }, (_, index) => `a${index}: deleteCustomerPersona(input: { id: "${exampleId}" }) { deletedId }`).join(' ')} }`;

test('a mutation is never carried out by GET, as a text or as a trusted document', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'writes-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'documents.json');
  const hash = createHash('sha256').update(deletion).digest('hex');
  await writeFile(path, JSON.stringify({ [`sha256:${hash}`]: deletion }));
  const gateway = await startWriter({ trustedDocuments: { path, mode: 'prefer' } });
  for (const search of [
    `query=${encodeURIComponent(deletion)}`,
    `documentId=sha256:${hash}`,
    `extensions=${encodeURIComponent(JSON.stringify({ persistedQuery: { version: 1, sha256Hash: hash } }))}`,
  ]) {
    const { status } = await send(`${gateway.url}/graphql?${search}`, { headers });
    expect(status).toBe(405);
  }
  expect(gateway.sandbox.requests).toEqual([]);
  // By POST the document is as good as any.
  const response = await gateway.post({ documentId: `sha256:${hash}` }, headers);
  expect(await response.json()).toEqual({ data: { deleteCustomerPersona: { deletedId: exampleId } } });
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  '',
  'text/plain; application/json',
])('a page elsewhere cannot send a mutation by a simple request: content-type %j', async (contentType) => {
  const gateway = await startWriter();
  const { status } = await send(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      ...headers,
      origin: 'https://evil.example',
      ...(contentType && { 'content-type': contentType }),
    },
    body: JSON.stringify({ query: deletion }),
  });
  expect(status).toBe(415);
  expect(gateway.sandbox.requests).toEqual([]);
});

test('a mutation has at most ten fields, wherever fragments bring them', async () => {
  const gateway = await startWriter();
  const refused = [{ extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'rootFields' } }];
  expect((await run(gateway, manyDeletions(11))).errors).toMatchObject(refused);
  const [, fields = ''] = /\{ (.*) \}$/.exec(manyDeletions(11)) ?? [];
  expect((await run(gateway, `mutation { ...F } fragment F on Mutation { ${fields} }`)).errors).toMatchObject(
    refused,
  );
  expect(gateway.sandbox.requests).toEqual([]);
  expect(Object.keys((await run(gateway, manyDeletions(10))).data as object)).toHaveLength(10);
  expect(writesTo(gateway)).toHaveLength(10);
  // Queries keep their own limit.
  const reads = Array.from({ length: 11 }, (_, index) => `a${index}: __typename`).join(' ');
  expect((await run(gateway, `{ ${reads} }`)).errors).toBeUndefined();
});

test('a write costs five points of the rate limit, and what has none left is not written', async () => {
  const gateway = await startWriter({ protection: { rateLimit: { points: 14, windowSeconds: 3_600 } } });
  const leftAfter = async (query: string) => {
    const response = await gateway.post({ query }, headers);
    await response.text();
    return /r=(\d+)/.exec(response.headers.get('ratelimit') ?? '')?.[1];
  };
  expect(await leftAfter(`{ persona(id: "${exampleId}") { id } }`)).toBe('13');
  expect(
    await leftAfter(
      `mutation { updateCustomerPersona(input: { id: "${exampleId}", name: "x" }) { customerPersona { id } } }`,
    ),
  ).toBe('9');
  // A caller may overdraw by one request, and then has to wait.
  expect(await leftAfter(manyDeletions(2))).toBe('0');
  gateway.sandbox.requests.length = 0;
  expect((await run(gateway, deletion)).errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }]);
  expect(gateway.sandbox.requests).toEqual([]);
});

test('writes are on where callers have keys of their own or the router vouches for them, or where it is said', () => {
  const key = { BLUEJAY_API_KEY: 'a-key-of-the-house' };
  expect(configOf({}).writes).toBe(false);
  expect(configOf(key).writes).toBe(false);
  expect(configOf({ ...key, WRITES: 'true' }).writes).toBe(true);
  expect(configOf({ ...key, ROUTER_SECRET: 'a-secret-of-the-router' }).writes).toBe(true);
  expect(configOf({ BLUEJAY_AUTH: 'forward' }).writes).toBe(true);
  expect(configOf({ ...key, BLUEJAY_AUTH: 'forward' }).writes).toBe(true);
  expect(configOf({ BLUEJAY_AUTH: 'forward', WRITES: 'false' }).writes).toBe(false);

  expect(completeConfig({}).writes).toBe(false);
  expect(completeConfig({ upstream: { kind: 'bluejay' } }).writes).toBe(true);
  expect(completeConfig({ writes: false, upstream: { kind: 'bluejay' } }).writes).toBe(false);
  expect(
    completeConfig({ upstream: { kind: 'bluejay', auth: { mode: 'service', apiKey: 'a-key-of-the-house' } } })
      .writes,
  ).toBe(false);
});

test('with one key for everyone, writes that are switched on are that key’s', async () => {
  const gateway = await startWriter({ auth: { mode: 'service', apiKey: clinic.apiKey } });
  expect((await update(gateway, { name: 'x' }, 'whatever-the-caller-sends')).errors).toBeUndefined();
  expect(gateway.sandbox.requests[0]?.headers['x-api-key']).toBe(clinic.apiKey);
});
