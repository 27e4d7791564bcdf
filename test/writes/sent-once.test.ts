import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { clinic, exampleId, someIds } from '../support/gateway.ts';
import type { TestGatewayOptions } from '../support/gateway.ts';
import { startLeavingClient } from '../support/leaving-client.ts';
import { startHeldBluejay } from '../support/held-bluejay.ts';
import { findFreePort } from '../support/ports.ts';
import { startTcpUpstream } from '../support/upstreams.ts';
import type { Fault } from '../../src/sandbox/index.ts';
import {
  create,
  newPersona,
  readName,
  remove,
  run,
  startWriter,
  update,
  writesTo,
} from '../support/writes.ts';

const name = () => 'New name';

/** Waits until a gateway that stops takes no connections any more. */
async function untilRefused(url: string): Promise<void> {
  const isRefused = () =>
    fetch(url).then(
      () => false,
      () => true,
    );
  await expect.poll(isRefused).toBe(true);
}

test.each<[string, Fault, boolean, string]>([
  ['a reset after the body, before it was done', { kind: 'reset' }, false, 'UPSTREAM_UNAVAILABLE'],
  ['a reset after it was done', { kind: 'reset' }, true, 'UPSTREAM_UNAVAILABLE'],
  ['an answer that is cut off', { kind: 'truncate' }, true, 'UPSTREAM_UNAVAILABLE'],
  ['an answer that comes too late', { kind: 'delay', delayMs: 1_500 }, true, 'UPSTREAM_TIMEOUT'],
  ['no answer', { kind: 'hang' }, false, 'UPSTREAM_TIMEOUT'],
  ['a 500', { kind: 'answer', status: 500 }, true, 'UPSTREAM_ERROR'],
  ['a 503', { kind: 'answer', status: 503 }, false, 'UPSTREAM_UNAVAILABLE'],
  ['a 504', { kind: 'answer', status: 504 }, true, 'UPSTREAM_UNAVAILABLE'],
  ['a 408', { kind: 'answer', status: 408 }, false, 'UPSTREAM_UNAVAILABLE'],
  ['a 204', { kind: 'answer', status: 204 }, true, 'UPSTREAM_ERROR'],
  [
    'a redirect',
    { kind: 'answer', status: 303, headers: { location: '/' } },
    true,
    'UPSTREAM_INVALID_RESPONSE',
  ],
  ['a page', { kind: 'answer', status: 200, body: '<html>' }, true, 'UPSTREAM_INVALID_RESPONSE'],
])('after %s the outcome is unknown, and nothing is sent again', async (_what, fault, isApplied, code) => {
  // What comes in time has time on a busy machine, too.
  const timeoutMs = code === 'UPSTREAM_TIMEOUT' ? 1_000 : 5_000;
  const gateway = await startWriter({ timeoutMs, requestTimeoutMs: 15_000 });
  await readName(gateway);
  for (const method of ['PUT', 'POST', 'DELETE'] as const) {
    gateway.sandbox.faults.add({ method, fault, isApplied });
  }
  const answers = await Promise.all([
    update(gateway, { name: name() }),
    create(gateway, newPersona),
    remove(gateway),
  ]);
  for (const { data, errors } of answers) {
    expect(Object.values(data as object)).toEqual([null]);
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining('look before you try again'),
        extensions: { code, outcome: 'unknown', retryable: false },
      },
    ]);
  }
  // Nothing is left then that could send one of them later.
  await gateway.close();
  const methods = writesTo(gateway).map((write) => write.split(' ')[0] ?? '');
  expect(methods.toSorted((a, b) => a.localeCompare(b))).toEqual(['DELETE', 'POST', 'PUT']);
});

test('a write that could not connect was not applied, and is tried again before that is said', async () => {
  const port = await findFreePort();
  let retries = 0;
  const gateway = await startWriter({
    baseUrl: `http://127.0.0.1:${port}`,
    events: { onRetry: () => void (retries += 1) },
  });
  const { errors } = await create(gateway, newPersona);
  expect(errors).toMatchObject([
    { extensions: { code: 'UPSTREAM_UNAVAILABLE', outcome: 'not_applied', retryable: true } },
  ]);
  expect(retries).toBe(2);
});

test('a write that finds Bluejay only at the second try is done once', async () => {
  const port = await findFreePort();
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(request.method ?? '');
    response.end(JSON.stringify({ id: exampleId, ...newPersona }));
  });
  const gateway = await startWriter({
    baseUrl: `http://127.0.0.1:${port}`,
    events: { onRetry: () => void (server.listening || server.listen(port, '127.0.0.1')) },
  });
  expect((await create(gateway, newPersona)).errors).toBeUndefined();
  expect(received).toEqual(['POST']);
  server.closeAllConnections();
  server.close();
});

test('a connection that ends in the middle of a write leaves its outcome unknown', async () => {
  let requests = 0;
  const baseUrl = await startTcpUpstream((socket) => {
    requests += 1;
    socket.resetAndDestroy();
  });
  const gateway = await startWriter({ baseUrl });
  const { errors } = await create(gateway, { ...newPersona, description: 'x'.repeat(50_000) });
  expect(errors).toMatchObject([{ extensions: { outcome: 'unknown' } }]);
  expect(requests).toBe(1);
});

test('an open breaker sends nothing: the write was not applied, and other operations go on', async () => {
  const gateway = await startWriter({ auth: { mode: 'service', apiKey: clinic.apiKey } });
  gateway.sandbox.faults.add({ method: 'PUT', fault: { kind: 'answer', status: 500 } });
  for (let write = 0; write < 20; write += 1) await update(gateway, { name: name() });
  gateway.sandbox.requests.length = 0;
  expect((await update(gateway, { name: name() })).errors).toMatchObject([
    { extensions: { code: 'UPSTREAM_UNAVAILABLE', reason: 'circuit_open', outcome: 'not_applied' } },
  ]);
  expect(gateway.sandbox.requests).toEqual([]);
  expect((await remove(gateway)).errors).toBeUndefined();
  expect(await readName(gateway)).toBeNull();
});

const hanging = async (options: TestGatewayOptions = {}) => {
  const gateway = await startWriter({
    auth: { mode: 'service', apiKey: clinic.apiKey },
    timeoutMs: 60_000,
    requestTimeoutMs: 60_000,
    ...options,
  });
  gateway.sandbox.faults.add({ method: 'GET', fault: { kind: 'hang' } });
  return gateway;
};

test('reads that take all places leave room for writes', async () => {
  const gateway = await hanging();
  const readers = [0, 1, 2, 3].map((series) =>
    startLeavingClient(gateway.url, {
      query: `{ personas(ids: ${JSON.stringify(someIds(32, series))}) { id } }`,
    }),
  );
  await expect.poll(() => gateway.sandbox.requests.length).toBe(64);
  expect((await update(gateway, { name: name() })).errors).toBeUndefined();
  await Promise.all(readers.map((reader) => reader.leave()));
});

test('a write whose caller has left goes on to its end', async () => {
  const bluejay = await startHeldBluejay();
  const gateway = await startWriter({ baseUrl: bluejay.url });
  bluejay.hold('PUT');
  const caller = startLeavingClient(
    gateway.url,
    {
      query: `mutation { updateCustomerPersona(input: { id: "${exampleId}", name: "x" }) { customerPersona { id } } }`,
    },
    { 'x-api-key': clinic.apiKey },
  );
  await expect.poll(() => bluejay.calls).toEqual(['PUT']);
  await caller.leave();
  await expect
    .poll(() => gateway.logs)
    .toContainEqual(expect.objectContaining({ msg: 'request', aborted: true }));
  bluejay.release();
  await expect
    .poll(() => gateway.logs)
    .toContainEqual(expect.objectContaining({ msg: 'write', outcome: 'applied', id: exampleId }));
  expect(bluejay.aborted()).toBe(0);
});

test('what a mutation has not begun when its caller leaves is not sent', async () => {
  const bluejay = await startHeldBluejay();
  const gateway = await startWriter({ baseUrl: bluejay.url });
  bluejay.hold('DELETE');
  const [one, two] = clinic.personas.map(({ id }) => id);
  const caller = startLeavingClient(
    gateway.url,
    {
      query: `mutation { a: deleteCustomerPersona(input: { id: "${one}" }) { deletedId } b: deleteCustomerPersona(input: { id: "${two}" }) { deletedId } }`,
    },
    { 'x-api-key': clinic.apiKey },
  );
  await expect.poll(() => bluejay.calls).toEqual(['DELETE']);
  await caller.leave();
  await expect.poll(() => gateway.logs).toContainEqual(expect.objectContaining({ aborted: true }));
  bluejay.release();
  const lines = () =>
    Object.fromEntries(
      gateway.logs.filter(({ msg }) => msg === 'write').map(({ id, outcome }) => [id, outcome]),
    ) as Record<string, unknown>;
  await expect.poll(lines).toEqual({ [String(one)]: 'applied', [String(two)]: 'not_applied' });
  expect(bluejay.calls).toHaveLength(1);
});

test('a deadline that passes while a write is on its way leaves its outcome unknown, one before does not', async () => {
  const bluejay = await startHeldBluejay();
  const gateway = await startWriter({
    baseUrl: bluejay.url,
    auth: { mode: 'service', apiKey: clinic.apiKey },
    timeoutMs: 60_000,
    requestTimeoutMs: 1_000,
  });
  bluejay.hold('PUT');
  // Eight may be on their way, the ninth waits for a place.
  const answers = await Promise.all(Array.from({ length: 9 }, () => update(gateway, { name: name() })));
  const outcomes = answers.map(({ errors }) => errors?.[0]?.extensions?.['outcome']);
  expect(outcomes.filter((outcome) => outcome === 'unknown')).toHaveLength(8);
  expect(outcomes.filter((outcome) => outcome === 'not_applied')).toHaveLength(1);
  for (const { errors } of answers) expect(errors?.[0]?.extensions?.['code']).toBe('UPSTREAM_TIMEOUT');
  bluejay.release();
  // Those on their way have been done.
  await expect
    .poll(() => gateway.logs.filter(({ msg, outcome }) => msg === 'write' && outcome === 'applied').length)
    .toBe(8);
  expect(bluejay.calls).toHaveLength(8);
});

test('a gateway that stops waits for the writes on their way', async () => {
  const bluejay = await startHeldBluejay();
  const gateway = await startWriter({ baseUrl: bluejay.url });
  bluejay.hold('PUT');
  const writing = update(gateway, { name: name() });
  await expect.poll(() => bluejay.calls).toEqual(['PUT']);
  const closed = gateway.close();
  await untilRefused(gateway.url);
  bluejay.release();
  await closed;
  expect((await writing).errors).toBeUndefined();
});

test('also those whose callers it does not wait for', async () => {
  const bluejay = await startHeldBluejay();
  const gateway = await startWriter({ baseUrl: bluejay.url });
  bluejay.hold('PUT');
  const writing = update(gateway, { name: name() }).catch(() => 'cut off');
  await expect.poll(() => bluejay.calls).toEqual(['PUT']);
  const closed = gateway.close(0);
  expect(await writing).toBe('cut off');
  bluejay.release();
  await closed;
  expect(gateway.logs).toContainEqual(expect.objectContaining({ msg: 'write', outcome: 'applied' }));
  expect(bluejay.aborted()).toBe(0);
});

test('a mutation is executed once each time that it is sent, however often that is', async () => {
  const gateway = await startWriter();
  const document = `mutation { updateCustomerPersona(input: { id: "${exampleId}", name: "x" }) { customerPersona { name } } }`;
  // After 50 runs a query would be compiled, and one with an error executed once more.
  for (let time = 1; time <= 53; time += 1) {
    if (time > 51)
      gateway.sandbox.faults.add({ method: 'PUT', fault: { kind: 'answer', status: 503 }, times: 1 });
    await run(gateway, document);
    expect(writesTo(gateway)).toHaveLength(time);
  }
});
