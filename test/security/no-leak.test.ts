import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import { createGateway } from '../../src/gateway.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import type { Fault } from '../../src/sandbox/faults.ts';
import { testConfig } from '../support/config.ts';
import { exampleId } from '../support/gateway.ts';
import { sendBytes } from '../support/raw-socket.ts';

const canary = 'canary-7f3a9c';
const callerKey = `${canary}-of-the-caller`;
const houseKey = `${canary}-of-the-house`;
const routerSecret = `${canary}-of-the-router`;

/** Where something could come out. A new way out is a new line here. */
interface Sink {
  readonly name: string;
  /** Everything that has come out. */
  text(): string;
}

const said = JSON.stringify({ detail: canary, [canary]: canary });
const headers = { 'content-type': 'application/json', 'x-canary': canary, 'set-cookie': `a=${canary}` };
const answer = (status: number, body = said, more: Record<string, string> = {}): Fault => ({
  kind: 'answer',
  status,
  headers: { ...headers, ...more },
  body,
});

/** What Bluejay may do, with the canary wherever it can be. */
const faults: Record<string, Fault> = {
  'a persona with fields of its own': answer(
    200,
    JSON.stringify({ id: exampleId, name: 'Known', secret: canary, agent: { key: canary } }),
  ),
  'another persona': answer(200, JSON.stringify({ id: canary, name: canary })),
  'a persona of the wrong shape': answer(200, JSON.stringify({ id: exampleId, name: { canary } })),
  'bad JSON': answer(200, `{"${canary}`),
  'no JSON': answer(200, `<html>${canary}</html>`, { 'content-type': 'text/html' }),
  'too much': answer(200, JSON.stringify({ id: exampleId, name: canary.repeat(100_000) })),
  'a redirect': answer(302, said, { location: `http://${canary}.example/` }),
  'a bad encoding': answer(200, canary, { 'content-encoding': 'gzip' }),
  'a header that is none': answer(429, said, { 'retry-after': canary }),
  'an echo of the input': answer(
    422,
    JSON.stringify({
      detail: [
        {
          loc: ['path', 'persona_id'],
          msg: 'No',
          type: 'value',
          input: canary,
          ctx: { canary },
          url: canary,
        },
      ],
    }),
  ),
  'a missing key': answer(
    422,
    JSON.stringify({
      detail: [{ loc: ['header', 'x-api-key'], msg: canary, type: 'missing', input: canary }],
    }),
  ),
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 500, 502, 503].map((status) => [`${status}`, answer(status)]),
  ),
  'half an answer': { kind: 'truncate' },
  'a reset': { kind: 'reset' },
};

const persona = JSON.stringify({ query: `{ persona(id: "${exampleId}") { id name } }` });

/** What clients may send, with the canary wherever it can be. */
const requests: Record<
  string,
  { path?: string; method?: string; headers?: Record<string, string>; body?: string }
> = {
  'a persona': { body: persona },
  'no JSON': { body: `{"query":"${canary}` },
  'no parameters': { body: `"${canary}"` },
  'a wrong variable': {
    body: JSON.stringify({
      query: 'query ($id: UUID!) { persona(id: $id) { id } }',
      variables: { id: canary },
    }),
  },
  'a wrong value': { body: JSON.stringify({ query: `{ persona(id: "${canary}") { id } }` }) },
  'a wrong representation': {
    body: JSON.stringify({
      query: 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
      variables: { r: [canary, { __typename: 'CustomerPersona', id: canary, [canary]: canary }] },
    }),
  },
  'another path': { path: `/${canary}?${canary}=${canary}` },
  'another method': { method: 'PUT', body: canary },
  'another media type': { headers: { 'content-type': `text/${canary}` }, body: canary },
  'a bad accept': { headers: { accept: `text/${canary}` }, body: persona },
  'a request id that is unfit': { headers: { 'x-request-id': `${canary} ${canary}` }, body: persona },
  'a key that is none': { headers: { 'x-api-key': `${canary},${canary}` }, body: persona },
  'other headers': {
    headers: {
      cookie: canary,
      authorization: canary,
      'user-agent': canary,
      'x-forwarded-for': canary,
      origin: canary,
    },
    body: persona,
  },
};

async function startWatched(mode: 'service' | 'forward') {
  const sandbox = await createSandbox();
  const sinks = { log: '', answers: '' };
  const logger = createLogger('trace', {
    write(line) {
      sinks.log += line;
    },
  });
  const { protection } = testConfig({});
  const gateway = await createGateway(
    testConfig({
      routerSecrets: [routerSecret],
      protection: {
        ...protection,
        rateLimit: { points: 100_000, windowSeconds: 60 },
        corsOrigins: ['https://a.example'],
      },
      upstream: {
        kind: 'bluejay',
        baseUrl: sandbox.url,
        auth: mode === 'service' ? { mode, apiKey: houseKey } : { mode },
        timeoutMs: 2_000,
      },
    }),
    { logger },
  );
  const url = await gateway.listen();
  onTestFinished(async () => {
    await gateway.close(0);
    await sandbox.close();
  });
  const list: Sink[] = [
    { name: 'the log', text: () => sinks.log },
    { name: 'answers with their headers', text: () => sinks.answers },
  ];
  const ask = async ({
    path = '/graphql',
    method = 'POST',
    headers: own = {},
    body = '',
  }: (typeof requests)[string]) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        'content-type': 'application/json',
        'x-api-key': callerKey,
        'router-authorization': routerSecret,
        ...own,
      },
      body,
    });
    sinks.answers += `${JSON.stringify([...response.headers])} ${await response.text()}\n`;
  };
  /** The address of Bluejay is nobody's business either. */
  const secrets = [canary, new URL(sandbox.url).host];
  /** The sinks that something came out of that should not, or nothing, which would prove nothing. */
  const leaks = () =>
    list
      .filter(({ text }) => text() === '' || secrets.some((secret) => text().includes(secret)))
      .map(({ name }) => name);
  return { sandbox, url, ask, leaks, sinks };
}

test.each(['service', 'forward'] as const)(
  'with %s nothing that Bluejay says, and no key, comes out anywhere, whatever Bluejay does',
  async (mode) => {
    const { sandbox, ask, leaks, sinks } = await startWatched(mode);
    for (const fault of Object.values(faults)) {
      sandbox.faults.clear();
      sandbox.faults.add({ fault });
      await ask({ body: persona });
      await ask({ body: JSON.stringify({ query: '{ personasByAgent(agentId: "1") { id } }' }) });
    }
    await sandbox.close();
    await ask({ body: persona });
    // What is to come out does.
    expect(sinks.answers).toContain('Known');
    expect(leaks()).toEqual([]);
  },
);

test.each(['service', 'forward'] as const)(
  'with %s nothing that a client sends comes out anywhere, whatever it sends',
  async (mode) => {
    const { url, ask, leaks, sinks } = await startWatched(mode);
    for (const request of Object.values(requests)) await ask(request);
    sinks.answers += await sendBytes(
      url,
      `GET /${canary} HTTP/1.1\r\nhost: x\r\nx-api-key: ${callerKey}\r\n${canary}\r\n\r\n`,
    );
    sinks.answers += await sendBytes(url, `${canary.toUpperCase()} / HTTP/1.1\r\n\r\n`);
    expect(leaks()).toEqual([]);
  },
);

test.each(Object.entries(faults))(
  'the error of a read after %s holds nothing of it, however deep one looks',
  async (_, fault) => {
    const sandbox = await createSandbox();
    const bluejay = await createBluejay({ baseUrl: sandbox.url, userAgent: 'test', timeoutMs: 2_000 });
    onTestFinished(async () => {
      await bluejay.close();
      await sandbox.close();
    });
    sandbox.faults.add({ fault });
    const outcome: unknown = await bluejay.customerPersonas
      .get(exampleId, { apiKey: callerKey })
      .catch((error: unknown) => error);
    const seen = inspect(outcome, { showHidden: true, depth: Number.POSITIVE_INFINITY, getters: true });
    expect(seen).not.toContain(canary);
    expect(seen).not.toContain(new URL(sandbox.url).host);
  },
);
