import dns from 'node:dns';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { exampleId, someIds, startGateway } from '../support/gateway.ts';
import { startTcpUpstream } from '../support/upstreams.ts';

/** An upstream that answers every read, and the connections that it has had. */
async function startCounting(headers = '') {
  const opened = new Set<Socket>();
  const closed = new Set<Socket>();
  const url = await startTcpUpstream((socket, request) => {
    if (!opened.has(socket)) socket.once('close', () => closed.add(socket));
    opened.add(socket);
    const body = JSON.stringify({ id: /customer-persona\/(\S+)/.exec(request)?.[1] });
    const answer = `HTTP/1.1 200 OK\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
    // In flight for a while, so that reads need connections of their own.
    setImmediate(() => socket.write(answer));
  });
  return { url, opened, closed };
}

function fakeTimers(...toFake: ('setTimeout' | 'clearTimeout' | 'setInterval' | 'clearInterval')[]): void {
  vi.useFakeTimers({ toFake });
  onTestFinished(() => void vi.useRealTimers());
}

test.each([
  ['no hint', '', 3_900],
  ['a hint of ten minutes', 'keep-alive: timeout=600\r\n', 3_900],
  ['a hint of nearly for ever', 'keep-alive: timeout=99999999999, max=5\r\n', 3_900],
  ['a hint of three seconds', 'keep-alive: timeout=3\r\n', 1_900],
])('with %s an idle connection is closed in time', async (_name, header, openMs) => {
  const upstream = await startCounting(header);
  const gateway = await startGateway({ baseUrl: upstream.url });
  fakeTimers('setTimeout', 'clearTimeout');
  expect((await gateway.query(personaQuery, { id: exampleId })).errors).toBeUndefined();
  await vi.advanceTimersByTimeAsync(openMs);
  expect((await gateway.query(personaQuery, { id: exampleId })).errors).toBeUndefined();
  expect([upstream.opened.size, upstream.closed.size]).toEqual([1, 0]);
  await vi.advanceTimersByTimeAsync(openMs + 200);
  await expect.poll(() => upstream.closed.size).toBe(1);
});

test('a connection is left after a minute, however busy, without an error', async () => {
  fakeTimers('setInterval', 'clearInterval');
  const upstream = await startCounting();
  const gateway = await startGateway({ baseUrl: upstream.url });
  const end = new AbortController();
  let failed = 0;
  const callers = Array.from({ length: 16 }, async (_caller, series) => {
    for (let round = 0; !end.signal.aborted; round += 1) {
      const [id = ''] = someIds(1, series * 1_000 + (round % 1_000));
      // oxlint-disable-next-line no-await-in-loop
      const { errors } = await gateway.query(personaQuery, { id });
      if (errors !== undefined) failed += 1;
    }
  });
  await expect.poll(() => upstream.opened.size).toBeGreaterThan(4);
  // Twice, as what is left then has to be left too.
  for (let minute = 1; minute <= 2; minute += 1) {
    const { opened, closed } = upstream;
    const before = [...opened];
    vi.advanceTimersByTime(59_000);
    expect(before.filter((socket) => !closed.has(socket))).not.toEqual([]);
    vi.advanceTimersByTime(1_000);
    // oxlint-disable-next-line no-await-in-loop
    await expect.poll(() => before.filter((socket) => !closed.has(socket)).length).toBe(0);
    // oxlint-disable-next-line no-await-in-loop
    await expect.poll(() => opened.size).toBeGreaterThan(before.length);
  }
  end.abort();
  await Promise.all(callers);
  expect(failed).toBe(0);
});

test('an IPv4 path that takes 700 ms is not given up for an IPv6 address that leads nowhere', async () => {
  const upstream = await startCounting();
  const gateway = await startGateway({ baseUrl: upstream.url.replace('127.0.0.1', 'bluejay.test') });
  const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((
    _hostname: string,
    _options: object,
    callback: (error: null, addresses: dns.LookupAddress[]) => void,
  ) => {
    callback(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
    // The connection is under way, and nobody sees that it is there until the thread goes on.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
  }) as typeof dns.lookup);
  onTestFinished(() => lookup.mockRestore());
  const answer = await gateway.query(personaQuery, { id: exampleId });
  expect(answer).toMatchObject({ data: { persona: { id: exampleId } } });
  // The first attempt was enough.
  expect(lookup.mock.calls.map(([hostname]) => hostname)).toEqual(['bluejay.test']);
});
