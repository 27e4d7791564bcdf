import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { DeadlineExceeded } from '../../src/datasources/upstream/errors.ts';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import type { Fault } from '../../src/sandbox/index.ts';
import { Timeouts } from '../../src/shared/timeouts.ts';
import { clinic, exampleId, someIds, startGateway } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startProcess } from '../support/processes.ts';

const shortMs = 300;

/** Expects the deadline's error, not before it by the gateway's own clock. What else ends a read takes a minute. */
async function expectDeadline(gateway: TestGateway, requestTimeoutMs = shortMs) {
  const { data, errors } = await gateway.query(personaQuery, { id: exampleId });
  expect(data).toEqual({ persona: null });
  expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_TIMEOUT', retryable: true } }]);
  await expect.poll(() => gateway.logs.filter(({ msg }) => msg === 'request')).toHaveLength(1);
  const durationMs = gateway.logs.findLast(({ msg }) => msg === 'request')?.['durationMs'];
  expect(durationMs).toBeGreaterThan(requestTimeoutMs - 10);
}

test.each<[string, Fault]>([
  ['headers that never come', { kind: 'hang' }],
  ['a body that drips a byte every 100 ms', { kind: 'drip', intervalMs: 100 }],
])('%s end at the deadline, and the socket is gone', async (_name, fault) => {
  const gateway = await startGateway({ requestTimeoutMs: shortMs, timeoutMs: 60_000 });
  gateway.sandbox.faults.add({ fault });
  await expectDeadline(gateway);
  await expect.poll(() => gateway.sandbox.connections()).toBe(0);
});

test('a connect that hangs ends at the deadline', async () => {
  // A server that is stopped with its backlog full: the kernel drops what comes after.
  const script = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
    console.log('port ' + this.address().port); })`;
  const server = startProcess('node', ['-e', script]);
  await expect.poll(server.output, { timeout: 10_000 }).toMatch(/port \d+/);
  server.process.kill('SIGSTOP');
  const port = Number(/\d+/.exec(server.output())?.[0]);
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  onTestFinished(() => {
    for (const filler of fillers) filler.destroy();
  });
  await expect.poll(() => fillers.filter((filler) => !filler.connecting).length).toBeGreaterThan(1);
  const gateway = await startGateway({
    requestTimeoutMs: shortMs,
    timeoutMs: 60_000,
    baseUrl: `http://127.0.0.1:${port}`,
  });
  await expectDeadline(gateway);
});

test('the deadline covers retries and the pauses between them', async () => {
  // The retry has to be sent before it.
  const requestTimeoutMs = 1_500;
  const gateway = await startGateway({ requestTimeoutMs, timeoutMs: 60_000 });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  gateway.sandbox.faults.add({ fault: { kind: 'reset' }, times: 1 });
  await expectDeadline(gateway, requestTimeoutMs);
  // The first was reset, and the retry hung until the deadline.
  expect(gateway.sandbox.requests).toHaveLength(2);
});

test('the deadline covers the wait for a place, and what waits is never sent', async () => {
  const { sandbox } = await startGateway();
  sandbox.faults.add({ fault: { kind: 'hang' } });
  const { customerPersonas, load, close } = await createBluejay({
    baseUrl: sandbox.url,
    userAgent: 'test',
    maxInFlight: 1,
  });
  const [first = '', second = ''] = someIds(2);
  const leaving = new AbortController();
  const held = customerPersonas
    .get(first, { apiKey: clinic.apiKey, signal: leaving.signal })
    .catch((error: unknown) => error);
  await expect.poll(() => sandbox.requests.length).toBe(1);

  const deadline = new AbortController();
  const waiting = customerPersonas.get(second, { apiKey: clinic.apiKey, signal: deadline.signal });
  expect(load()).toMatchObject({ inFlight: 1, queued: 1 });
  deadline.abort(new DeadlineExceeded());
  await expect(waiting).rejects.toMatchObject({ failure: { kind: 'timeout', phase: 'deadline' } });
  expect(load()).toMatchObject({ inFlight: 1, queued: 0 });

  leaving.abort();
  expect(await held).toBe(leaving.signal.reason);
  await expect.poll(load).toMatchObject({ inFlight: 0, queued: 0 });
  expect(sandbox.requests).toHaveLength(1);
  await close();
});

test('what has arrived while the process was held up is in time', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  const [socket] = (await once(server, 'connection')) as [Socket];
  const events: string[] = [];
  client.once('data', () => events.push('data'));
  new Timeouts(20).start(() => events.push('timeout'));
  socket.end('answer');
  for (const until = performance.now() + 60; performance.now() < until;);
  await expect.poll(() => events).toEqual(['data', 'timeout']);
});
