import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { createBluejay } from '../src/datasources/bluejay/index.ts';
import type { CallObserver } from '../src/datasources/upstream/attempt.ts';
import { createSandbox } from '../src/sandbox/index.ts';
import type { Fault } from '../src/sandbox/index.ts';
import type { Cancellation } from '../src/shared/cancellation.ts';
import { clinic, exampleId, someIds } from './support/gateway.ts';

const { apiKey } = clinic;

/** The client of Bluejay, as somebody uses it without the gateway. */
async function startClient(options: Partial<Parameters<typeof createBluejay>[0]> = {}) {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  const client = await createBluejay({
    baseUrl: sandbox.url,
    userAgent: 'test',
    random: () => 0,
    ...options,
  });
  onTestFinished(() => client.close());
  return { sandbox, client };
}

test('what a read causes runs in the context of its caller, also where it waits, is repeated, or uses another’s connection', async () => {
  const context = new AsyncLocalStorage<string>();
  const seen: [event: string, id: string | undefined][] = [];
  const record = (event: string) => void seen.push([event, context.getStore()]);
  const { sandbox, client } = await startClient({
    maxInFlight: 1,
    events: { onAttempt: () => record('end'), onRetry: () => record('retry') },
  });
  const ids = someIds(4);
  sandbox.faults.add({ personaId: ids[1] ?? '', fault: { kind: 'answer', status: 503 } });
  const observer = {
    caller: 'one',
    mayCall: () => true,
    onBody: () => true,
    onCache() {},
    onRefresh() {},
    onAttemptStart() {
      record('start');
      return undefined;
    },
    onAttemptEnd() {},
  } as const satisfies CallObserver;
  const read = (id: string) => context.run(id, () => client.customerPersonas.get(id, { apiKey, observer }));
  await Promise.allSettled(ids.map(read));
  const eventsOf = (id: string) => seen.filter(([, each]) => each === id).map(([event]) => event);
  const once = ['start', 'end'];
  const thrice = ['start', 'end', 'retry', 'start', 'end', 'retry', 'start', 'end'];
  expect(ids.map(eventsOf)).toEqual([once, thrice, once, once]);
});

test.each<[string, Fault | undefined]>([
  ['the answer', undefined],
  ['a refused key', { kind: 'answer', status: 401, body: '{}' }],
  ['a failure of the service', { kind: 'answer', status: 500, body: '{}' }],
  ['a connection that breaks', { kind: 'reset' }],
  ['an answer that takes too long', { kind: 'hang' }],
])('a listener that throws after %s fails the read, and takes no place for ever', async (_after, fault) => {
  const lastStraw = new Error('the last straw');
  const { sandbox, client } = await startClient({
    timeoutMs: 200,
    events: {
      onAttempt() {
        throw lastStraw;
      },
    },
  });
  if (fault !== undefined) sandbox.faults.add({ fault });
  const reads = [exampleId, ...someIds(2)].map((id) => client.customerPersonas.get(id, { apiKey }));
  const results = await Promise.allSettled(reads);
  expect(results.map((result) => result.status === 'rejected' && result.reason)).toEqual(
    results.map(() => lastStraw),
  );
  expect(client.load()).toMatchObject({ inFlight: 0, queued: 0 });
});

test('a listener that throws when a call is refused or repeated fails that call alone', async () => {
  const lastStraw = new Error('the last straw');
  const throwIt = () => {
    throw lastStraw;
  };
  const { sandbox, client } = await startClient({
    maxInFlight: 1,
    maxQueue: 1,
    events: { onOverloaded: throwIt, onRetry: throwIt },
  });
  const [repeated = '', waits = '', ...refused] = someIds(4);
  sandbox.faults.add({ personaId: repeated, fault: { kind: 'answer', status: 503 } });
  const reads = [repeated, waits, ...refused].map((id) => client.customerPersonas.get(id, { apiKey }));
  const results = await Promise.allSettled(reads);
  expect(results).toMatchObject([
    { reason: lastStraw },
    { status: 'fulfilled', value: { value: null } },
    { reason: lastStraw },
    { reason: lastStraw },
  ]);
  expect(client.load()).toMatchObject({ inFlight: 0, queued: 0 });
});

test('listeners are called as methods of their object', async () => {
  class Attempts {
    #count = 0;

    get count(): number {
      return this.#count;
    }

    onAttempt(): void {
      this.#count += 1;
    }
  }
  const events = new Attempts();
  const { client } = await startClient({ events });
  await client.customerPersonas.get(exampleId, { apiKey });
  expect(events.count).toBe(1);
});

test('a caller may bring a cancellation of its own kind', async () => {
  const { sandbox, client } = await startClient();
  sandbox.faults.add({ fault: { kind: 'hang' } });
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false as boolean,
    reason: new Error('left'),
    addEventListener: (_type: 'abort', listener: () => void) => void listeners.add(listener),
    removeEventListener: (_type: 'abort', listener: () => void) => void listeners.delete(listener),
  } satisfies Cancellation;
  const read = client.customerPersonas.get(exampleId, { apiKey, signal });
  await expect.poll(() => sandbox.requests.length).toBe(1);
  signal.aborted = true;
  for (const listener of listeners) listener();
  await expect(read).rejects.toBe(signal.reason);
  expect(client.load().inFlight).toBe(0);
});
