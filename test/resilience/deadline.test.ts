import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { personaQuery, personasQuery } from '../../examples/frontend/operations.ts';
import type { Fault } from '../../src/sandbox/index.ts';
import { exampleId, someIds, startGateway } from '../support/gateway.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startProcess } from '../support/processes.ts';

const requestTimeoutMs = 300;

/** Expects the deadline's error, at the deadline and not 250 ms after it. */
async function expectDeadline(gateway: TestGateway) {
  const startedAt = performance.now();
  const { data, errors } = await gateway.query(personaQuery, { id: exampleId });
  const elapsedMs = performance.now() - startedAt;
  expect(data).toEqual({ persona: null });
  expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_TIMEOUT', retryable: true } }]);
  expect(elapsedMs).toBeGreaterThan(requestTimeoutMs - 10);
  expect(elapsedMs).toBeLessThan(requestTimeoutMs + 250);
}

test.each<[string, Fault]>([
  ['headers that never come', { kind: 'hang' }],
  ['a body that drips a byte every 100 ms', { kind: 'drip', intervalMs: 100 }],
])('%s end at the deadline, and the socket is gone', async (_name, fault) => {
  const gateway = await startGateway({ requestTimeoutMs, timeoutMs: 60_000 });
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
    requestTimeoutMs,
    timeoutMs: 60_000,
    baseUrl: `http://127.0.0.1:${port}`,
  });
  await expectDeadline(gateway);
});

test('the deadline covers retries and the pauses between them', async () => {
  const gateway = await startGateway({ requestTimeoutMs, timeoutMs: 200 });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  gateway.sandbox.faults.add({ fault: { kind: 'reset' }, times: 1 });
  const startedAt = performance.now();
  const { errors } = await gateway.query(personaQuery, { id: exampleId });
  expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_TIMEOUT' } }]);
  expect(performance.now() - startedAt).toBeLessThan(requestTimeoutMs + 250);
});

test('the deadline covers the wait for a place, and what waits is never sent', async () => {
  const gateway = await startGateway({ requestTimeoutMs, timeoutMs: 60_000 });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const results = await Promise.all(
    [1, 2, 3].map((series) => gateway.query(personasQuery, { ids: someIds(32, series) })),
  );
  const codes = results.flatMap(({ errors }) => errors?.map(({ extensions }) => extensions.code));
  expect(codes).toEqual(Array.from({ length: 96 }, () => 'UPSTREAM_TIMEOUT'));
  expect(gateway.sandbox.requests).toHaveLength(64);
});
