import DataLoader from 'dataloader';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createBluejay } from '../../src/datasources/bluejay/index.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import { exampleId } from '../support/gateway.ts';
import { sendBytes } from '../support/raw-socket.ts';
import { callerKey, canary, faults, list, noAnswer, persona, requests } from './canary.ts';
import { everythingOn, startWatched } from './watched-gateway.ts';

test.each(['service', 'forward'] as const)(
  'with %s nothing that Bluejay says, and no key, comes out anywhere, whatever Bluejay does',
  async (mode) => {
    const { sandbox, receiver, ask, leaks, sinks } = await startWatched(mode);
    const calls: Record<string, number> = {};
    for (const [name, fault] of Object.entries(faults)) {
      sandbox.faults.clear();
      sandbox.faults.add({ fault });
      const before = sandbox.requests.length;
      await ask({ body: persona });
      await ask({ body: list });
      calls[name] = sandbox.requests.length - before;
    }
    // No breaker has kept any of them from happening.
    expect(Object.entries(calls).filter(([, count]) => count < 2)).toEqual([]);
    await sandbox.close();
    await ask({ body: persona });
    expect(await leaks()).toEqual([]);
    const waiting = await startWatched(mode, 200);
    waiting.sandbox.faults.add({ fault: noAnswer });
    await waiting.ask({ body: persona });
    await waiting.ask({ body: list });
    expect(waiting.sandbox.requests).toHaveLength(2);
    expect(await waiting.leaks()).toEqual([]);
    // What is to come out does.
    expect(sinks.answers).toContain('Known');
    // Each way to fail has a span of its own.
    const errorTypes = [...receiver.spans, ...waiting.receiver.spans].map(
      ({ attributes }) => attributes['error.type'],
    );
    for (const type of ['400', '401', '403', '422', '429', '500', '503']) expect(errorTypes).toContain(type);
    for (const type of ['invalid_response', 'timeout', 'unavailable']) expect(errorTypes).toContain(type);
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
    expect(await leaks()).toEqual([]);
  },
);

test('what is thrown and was not foreseen is in the log, and nowhere else', async () => {
  const { ask, leaks, sinks, receiver } = await startWatched('service');
  const load = vi.spyOn(DataLoader.prototype, 'load').mockImplementation(() => {
    throw new Error(canary, { cause: { key: canary } });
  });
  onTestFinished(() => load.mockRestore());
  await ask({ body: persona });
  expect(await leaks()).toEqual(['log', 'logged']);
  expect(sinks.answers).toContain('INTERNAL_SERVER_ERROR');
  expect(receiver.spans.map(({ attributes }) => attributes['error.type'])).toContain('INTERNAL_SERVER_ERROR');
});

test.each(Object.entries({ ...faults, 'no answer': noAnswer }))(
  'the error of a read after %s holds nothing of it, however deep one looks',
  async (_name, fault) => {
    const sandbox = await createSandbox();
    const bluejay = await createBluejay({
      baseUrl: sandbox.url,
      userAgent: 'test',
      timeoutMs: fault === noAnswer ? 500 : 5_000,
    });
    onTestFinished(async () => {
      await bluejay.close();
      await sandbox.close();
    });
    sandbox.faults.add({ fault });
    const caller = { apiKey: callerKey };
    const readAll = () =>
      Promise.allSettled([
        bluejay.customerPersonas.get(exampleId, caller),
        bluejay.customerPersonas.listByAgent(1, caller),
      ]);
    const outcomes = await readAll();
    // With Bluejay gone it is the network's error that something could hang on.
    await sandbox.close();
    const whenGone = await readAll();
    expect(whenGone).toMatchObject(
      whenGone.map(() => ({ status: 'rejected', reason: { failure: { kind: 'unavailable' } } })),
    );
    const seen = everythingOn([...outcomes, ...whenGone]);
    for (const secret of [canary, '127.0.0.1']) expect(seen).not.toContain(secret);
  },
);
