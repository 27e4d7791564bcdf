import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { createBluejay } from '../src/datasources/bluejay/index.ts';
import { airline, clinic, exampleId, someIds, startGateway, unknownId } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';
import { startHttpUpstream } from './support/upstreams.ts';

const [persona] = clinic.personas;
const query = `{ persona(id: "${exampleId}") { name } personasByAgent(agentId: 7) { name } }`;

interface Answer {
  readonly data: unknown;
  readonly errors?: { path: unknown[]; extensions: Record<string, unknown> }[];
}

async function ask(gateway: TestGateway, document = query): Promise<Answer> {
  return (await (await gateway.post({ query: document })).json()) as Answer;
}

const json = { 'content-type': 'application/json' };

test.each([
  ['a string', '{"detail":"Customer persona not found"}', json],
  ['an object', '{"detail":{"code":"persona_not_found"}}', json],
  ['a list, with a charset', '{"detail":["gone"]}', { 'content-type': 'Application/JSON; charset=utf-8' }],
  ['a string and more', '{"detail":"No such agent","request_id":"x"}', json],
])('a 404 with words of the service’s own is no error: %s', async (_what, body, headers) => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 404, body, headers } });
  expect(await ask(gateway)).toEqual({ data: { persona: null, personasByAgent: [] } });
  expect(gateway.sandbox.requests).toHaveLength(2);
});

test.each([
  ['an ingress without a backend', 'default backend - 404', { 'content-type': 'text/plain' }],
  ['a page', '<html><h1>404 Not Found</h1>nginx</html>', { 'content-type': 'text/html' }],
  ['a page that calls itself JSON', '<html>', json],
  ['nothing', '', json],
  ['JSON of another gateway', '{"message":"no Route matched with those values"}', json],
  ['JSON that is no object', '"Not Found"', json],
  ['a detail of null', '{"detail":null}', json],
  [
    'a problem of RFC 9457',
    '{"type":"about:blank","title":"Not Found","detail":"No route"}',
    { 'content-type': 'application/problem+json' },
  ],
  [
    'a problem of RFC 9457 that calls itself plain JSON',
    '{"type":"about:blank","title":"Not Found","status":404,"detail":"No static resource v1."}',
    json,
  ],
  ['words in a page', '{"detail":"Customer persona not found"}', { 'content-type': 'text/html' }],
  ['more than is read', `{"detail":"${'x'.repeat(17_000_000)}"}`, json],
])('a 404 of something else is an error, with its reason in the log: %s', async (_what, body, headers) => {
  const gateway = await startGateway();
  gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 404, body, headers } });
  const { data, errors } = await ask(gateway);
  expect(data).toEqual({ persona: null, personasByAgent: null });
  for (const { extensions } of errors ?? []) {
    expect(extensions).toMatchObject({ code: 'UPSTREAM_ERROR', retryable: false, upstream: { status: 404 } });
  }
  expect(errors).toHaveLength(2);
  await expect
    .poll(() => gateway.logs)
    .toContainEqual(
      expect.objectContaining({ failures: { 'unexpected_status: foreign_not_found (404)': 2 } }),
    );
});

test.each([
  ['encoded', gzipSync('{"detail":"Customer persona not found"}'), { 'content-encoding': 'gzip' }],
  ['no UTF-8', Buffer.from('{"detail":"Seite für nichts"}', 'latin1'), {}],
])('a 404 whose body is %s is an error, as nobody can read whose it is', async (_what, body, headers) => {
  const baseUrl = await startHttpUpstream((_request, response) => {
    response.writeHead(404, { ...json, ...headers }).end(body);
  });
  const gateway = await startGateway({ baseUrl });
  expect((await ask(gateway)).errors).toMatchObject([
    { extensions: { code: 'UPSTREAM_ERROR' } },
    { extensions: { code: 'UPSTREAM_ERROR' } },
  ]);
});

interface Upstream {
  /** Where the API is: a request for another path, or of another thing, is a 404 without words. */
  prefix: string;
  /** Instead of an answer about the path. */
  statusOfMalformed: number | undefined;
  /** What a missing thing or path is answered with. */
  words: string;
  /** The API key that is refused with a 401 when it asks about the path. */
  refusedKey: string | undefined;
  /** Whether the persona is missing, too. */
  isDeleted: boolean;
  /** Instead of every answer. */
  isForeign: boolean;
}

function answerTo(
  url: string,
  apiKey: unknown,
  { prefix, statusOfMalformed, words, refusedKey, isDeleted }: Upstream,
): [status: number, body: unknown] {
  const missing: [number, unknown] = [404, { detail: words }];
  const [resource, id = ''] = url.split('/').slice(-2);
  const isThere = url.startsWith(`${prefix}/v1/`);
  if (!/^(\d+|[0-9a-f-]{36})$/.test(id)) {
    if (statusOfMalformed !== undefined) return [statusOfMalformed, ''];
    if (apiKey === refusedKey) return [401, {}];
    return isThere ? [422, { detail: [{ loc: ['path', 'id'] }] }] : missing;
  }
  if (isThere && id === exampleId && !isDeleted) return [200, persona];
  return isThere && resource === 'customer-personas-by-agent' && id === '7' ? [200, [persona]] : missing;
}

/** Bluejay's client with a clock to turn, and a FastAPI that has no words of its own for what is missing. */
async function startWordless(cache = {}) {
  const clock = { ms: 0 };
  const paths: string[] = [];
  const upstream: Upstream = {
    prefix: '',
    statusOfMalformed: undefined,
    words: 'Not Found',
    refusedKey: undefined,
    isDeleted: false,
    isForeign: false,
  };
  const baseUrl = await startHttpUpstream(({ url = '', headers }, response) => {
    paths.push(url);
    if (upstream.isForeign) {
      response.writeHead(404).end('default backend - 404');
      return;
    }
    const [status, body] = answerTo(url, headers['x-api-key'], upstream);
    response.writeHead(status, json).end(JSON.stringify(body));
  });
  const bluejay = await createBluejay({
    baseUrl,
    userAgent: 'test',
    cache,
    now: () => clock.ms,
    wallClock: () => clock.ms,
  });
  onTestFinished(() => bluejay.close());
  const caller = { apiKey: clinic.apiKey };
  const read = async (id: string, apiKey = clinic.apiKey) =>
    (await bluejay.customerPersonas.get(id, { apiKey })).value?.name ?? null;
  const list = async (id: number) => (await bluejay.customerPersonas.listByAgent(id, caller)).value.length;
  const questions = () => paths.filter((path) => /not-a/.test(path)).length;
  return { read, list, clock, upstream, paths, questions };
}

test('what is missing without words is null once the service has said that the path is there', async () => {
  const { read, list, questions, paths } = await startWordless();
  const ids = someIds(20);
  expect(await Promise.all(ids.map((id) => read(id)))).toEqual(ids.map(() => null));
  expect(questions()).toBe(1);
  expect(await list(9)).toBe(0);
  expect(await list(10)).toBe(0);
  expect(questions()).toBe(2);
  expect(paths).toHaveLength(24);
});

test('nothing is asked on the way of a request where an answer has shown that the path is there', async () => {
  const { read, clock, questions } = await startWordless();
  expect(await read(exampleId)).toBe(persona?.name);
  expect(await read(unknownId)).toBeNull();
  // It is asked behind the answer, once in a while.
  await expect.poll(questions).toBe(1);
  clock.ms += 299_999;
  expect(await read(unknownId)).toBeNull();
  expect(questions()).toBe(1);
  clock.ms += 1;
  expect(await read(unknownId)).toBeNull();
  await expect.poll(questions).toBe(2);
});

test('with a wrong path in the base URL everything is an error, and one question serves many reads', async () => {
  const { read, list, questions, upstream, clock } = await startWordless();
  upstream.prefix = '/api';
  const results = await Promise.allSettled([...someIds(20), exampleId].map((id) => read(id)));
  for (const result of results) {
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { failure: { kind: 'unexpected_status', status: 404, reason: 'unknown_path' } },
    });
  }
  expect(questions()).toBe(1);
  await expect(list(7)).rejects.toThrow('unknown_path');
  // It is asked again once the service may have been mended.
  upstream.prefix = '';
  await expect(read(exampleId)).resolves.toBe(persona?.name);
  expect(await read(unknownId)).toBeNull();
  await expect(list(9)).rejects.toThrow('unknown_path');
  clock.ms += 10_000;
  expect(await list(9)).toBe(0);
});

test('a path that goes away while the gateway runs is noticed', async () => {
  const { read, upstream, questions } = await startWordless();
  expect(await read(exampleId)).toBe(persona?.name);
  upstream.prefix = '/v2';
  expect(await read(unknownId)).toBeNull();
  await expect.poll(questions).toBe(1);
  await expect.poll(() => read(unknownId).catch(String)).toContain('unknown_path');
});

test('a path that goes away evicts nothing', async () => {
  const { read, upstream, clock, questions } = await startWordless({ ttlMs: 1_000, staleMs: 600_000 });
  expect(await read(unknownId)).toBeNull();
  expect(await read(exampleId)).toBe(persona?.name);
  upstream.prefix = '/v2';
  clock.ms += 20_000;
  // Answered stale, and fetched anew behind, in vain.
  expect(await read(exampleId)).toBe(persona?.name);
  await expect.poll(questions).toBe(2);
  for (let attempt = 0; attempt < 3; attempt += 1) expect(await read(exampleId)).toBe(persona?.name);
  upstream.prefix = '';
  expect(await read(exampleId)).toBe(persona?.name);
});

test('a persona that was deleted is null, and the path is asked for once', async () => {
  const { read, upstream, clock, questions, paths } = await startWordless({ ttlMs: 1_000 });
  expect(await read(unknownId)).toBeNull();
  expect(await read(exampleId)).toBe(persona?.name);
  clock.ms += 20_000;
  upstream.isDeleted = true;
  expect(await read(exampleId)).toBeNull();
  expect(await read(exampleId)).toBeNull();
  expect(questions()).toBe(2);
  expect(paths).toHaveLength(6);
});

test.each([
  [400, 'null'],
  [401, 'null'],
  [403, 'null'],
  [405, 'null'],
  // Its body is of no use, and not needed.
  [422, 'null'],
  [200, 'unknown_path'],
  [302, 'unknown_path'],
  [429, 'rate_limited'],
  [500, 'unexpected_status'],
  [503, 'unavailable'],
])('a question about the path that is answered with %i gives %s', async (status, expected) => {
  const { read, upstream } = await startWordless();
  upstream.statusOfMalformed = status;
  expect(await read(unknownId).then(String, String)).toContain(expected);
});

test('an API key that is refused when it asks about the path says nothing to others', async () => {
  const { read, upstream, questions } = await startWordless();
  upstream.prefix = '/api';
  upstream.refusedKey = airline.apiKey;
  expect(await read(unknownId, airline.apiKey)).toBeNull();
  await expect(read(unknownId)).rejects.toThrow('unknown_path');
  expect(questions()).toBe(2);
});

test.each(['Not Found', 'Not found.', 'not found'])(
  '“%s” are no words of the service’s own',
  async (words) => {
    const { read, upstream } = await startWordless();
    Object.assign(upstream, { words, prefix: '/api' });
    await expect(read(unknownId)).rejects.toThrow('unknown_path');
  },
);

test('a 404 of something else evicts nothing and is not kept', async () => {
  const { read, upstream, clock } = await startWordless({
    ttlMs: 1_000,
    staleMs: 60_000,
    notFoundTtlMs: 60_000,
  });
  expect(await read(exampleId)).toBe(persona?.name);
  upstream.isForeign = true;
  clock.ms += 2_000;
  const [other = ''] = someIds(1);
  await expect(read(other)).rejects.toThrow('foreign_not_found');
  // Answered stale, and fetched anew behind, in vain.
  for (let attempt = 0; attempt < 3; attempt += 1) expect(await read(exampleId)).toBe(persona?.name);
  upstream.isForeign = false;
  await expect(read(other)).resolves.toBeNull();
});
