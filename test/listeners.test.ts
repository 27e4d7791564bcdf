import { once } from 'node:events';
import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { createGateway } from '../src/gateway.ts';
import type { GatewayEvents } from '../src/gateway.ts';
import { createLogger } from '../src/observability/logger.ts';
import { configOf, testConfig } from './support/config.ts';
import { eventNames } from './support/event-names.ts';
import { clinic, exampleId, startGateway, unknownId } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';
import { parseSamples } from './support/prometheus-text.ts';

const listeners = (listener: () => void): GatewayEvents =>
  Object.fromEntries(eventNames.map((name) => [name, listener]));

/** Sends requests that make most events happen, and returns what came of each. */
async function sendUsualRequests(gateway: TestGateway): Promise<unknown[]> {
  const headers = { 'x-request-id': 'usual' };
  const answers: unknown[] = [];
  const ask = async (query: string) => {
    const response = await gateway.post({ query }, headers);
    // How long the breaker stays open depends on the moment.
    answers.push([
      response.status,
      (await response.text()).replace(/"retryAfterMs":\d+/g, '"retryAfterMs":0'),
    ]);
  };
  const example = `{ persona(id: "${exampleId}") { name } }`;
  await ask(example);
  await ask(example);
  await ask(`{ personas(ids: ["${exampleId}", "${unknownId}"]) { id } }`);
  await ask(`{ personasByAgent(agentId: "${clinic.agents[0]?.id}") { id } }`);
  await ask('{ nobody }');
  gateway.sandbox.faults.add({ personaId: unknownId, fault: { kind: 'answer', status: 503, body: '{}' } });
  for (let each = 0; each < 20; each += 1) await ask(`{ persona(id: "${unknownId}") { id } }`);
  const nowhere = await fetch(`${gateway.url}/nowhere`, { headers });
  answers.push([nowhere.status, await nowhere.json()]);
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.end('no HTTP\r\n\r\n');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  answers.push(chunk.toString().slice(0, 12));
  return answers;
}

async function readCounters(gateway: TestGateway): Promise<unknown[]> {
  const samples = parseSamples(await gateway.metrics());
  return samples.filter(({ name }) => /^bluejay_graphql_.*_total$/.test(name));
}

const options = { cache: { ttlMs: 60_000 }, metrics: { host: '127.0.0.1', port: 0 } };

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('the last straw');
    },
  ],
  ['returns a promise that is rejected', () => Promise.reject(new Error('the last straw'))],
  [
    'returns another kind of promise that is rejected',
    // oxlint-disable-next-line unicorn/no-thenable
    () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('the last straw')) }),
  ],
])(
  'a listener that %s changes no answer and no counter, and is logged once an event',
  async (_, listener) => {
    const undisturbed = await startGateway(options);
    const happened: string[] = [];
    const events = Object.fromEntries(
      eventNames.map((name) => [
        name,
        () => {
          happened.push(name);
          return listener();
        },
      ]),
    );
    const gateway = await startGateway({ ...options, events });
    const [expected, answers] = [await sendUsualRequests(undisturbed), await sendUsualRequests(gateway)];
    expect(answers).toEqual(expected);
    // The last requests are counted when their sockets are done.
    await expect
      .poll(async () => ({
        disturbed: await readCounters(gateway),
        counters: await readCounters(undisturbed),
      }))
      .toSatisfy(({ disturbed, counters }) => isDeepStrictEqual(disturbed, counters));
    const failures = () => gateway.logs.filter(({ msg }) => String(msg).startsWith('listener failed'));
    await expect.poll(() => failures().map(({ event }) => event)).toHaveLength(new Set(happened).size);
    expect(new Set(failures().map(({ event }) => event))).toEqual(new Set(happened));
    expect(new Set(happened)).toContain('onBreakerStateChange');
    expect(failures()[0]).toMatchObject({ level: 'error', err: { message: 'the last straw' } });
  },
);

test('listeners of a class are called on their instance', async () => {
  class Counter implements GatewayEvents {
    started = 0;
    onRequestStart(): void {
      this.started += 1;
    }
  }
  class MyCounter extends Counter {}
  const events = new MyCounter();
  const gateway = await startGateway({ events });
  await gateway.post({ query: '{ __typename }' });
  expect(events.started).toBe(1);
});

test.each(['message', 'stack', 'cause'])(
  'an error of a listener whose %s cannot be read harms no answer',
  async (property) => {
    const lines: string[] = [];
    const events = listeners(() => {
      throw Object.defineProperty(new Error('the last straw'), property, {
        get() {
          throw new Error('another');
        },
      });
    });
    const logger = createLogger('error', { write: (line) => void lines.push(line) });
    const gateway = await createGateway(testConfig({}), { logger, events });
    const response = await fetch(`${await gateway.listen()}/health/live`);
    expect(response.status).toBe(200);
    await gateway.close();
    expect(lines).toContainEqual(expect.stringContaining('listener failed'));
  },
);

test('a logger that throws loses its lines and nothing else', async () => {
  const { sandbox } = await startGateway();
  let lines = 0;
  const logger = createLogger('trace', {
    write() {
      lines += 1;
      throw new Error('the last straw');
    },
  });
  const { upstream } = configOf({ BLUEJAY_BASE_URL: sandbox.url, BLUEJAY_API_KEY: clinic.apiKey });
  const gateway = await createGateway(testConfig({ upstream }), {
    logger,
    events: listeners(() => {
      throw new Error('the last straw');
    }),
  });
  const url = await gateway.listen();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ persona(id: "${exampleId}") { id } }` }),
  });
  expect(await response.json()).toEqual({ data: { persona: { id: exampleId } } });
  await gateway.close();
  expect(lines).toBeGreaterThan(1);
});
