import { expect, test } from 'vitest';
import { LightCancellation } from '../../src/shared/cancellation.ts';
import { createBulkhead } from '../../src/datasources/upstream/resilience/bulkhead.ts';
import { createChain } from '../../src/datasources/upstream/resilience/chain.ts';
import { createTenants } from '../../src/datasources/upstream/resilience/tenants.ts';
import { UpstreamError } from '../../src/datasources/upstream/errors.ts';

function startChain(onRetry = () => {}) {
  const now = () => 0;
  const bulkhead = createBulkhead({ capacity: 1 });
  const chain = createChain({
    service: 'bluejay',
    operation: 'getCustomerPersona',
    idempotent: true,
    tenants: createTenants({
      acceptedKeys: undefined,
      now,
      onStateChange() {},
      onTenantStateChange() {},
    }),
    acceptedKeys: undefined,
    bulkhead,
    slowMs: 1_000,
    now,
    random: () => 0,
    events: { onRetry },
  });
  const sent: number[] = [];
  const read = (signal: LightCancellation) =>
    chain('', { signal, deadlineAtMs: Infinity, observer: undefined }, (_signal, attempt) => {
      sent.push(attempt);
      return Promise.resolve('answered');
    });
  return { bulkhead, chain, read, sent };
}

function aborted(): LightCancellation {
  const signal = new LightCancellation();
  signal.abort(new Error('left'));
  return signal;
}

test('a caller who has left before takes no place, and nothing is sent for it', async () => {
  const { bulkhead, read, sent } = startChain();
  const left = read(aborted());
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([0, 0]);
  await expect(left).rejects.toThrow('left');
  expect(sent).toEqual([]);
  await expect(read(new LightCancellation())).resolves.toBe('answered');
});

test('a caller who has left before does not wait for a place either', async () => {
  const { bulkhead, read, sent } = startChain();
  expect(bulkhead.enter('another', new LightCancellation())).toBeUndefined();
  const left = read(aborted());
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([1, 0]);
  await expect(left).rejects.toThrow('left');
  bulkhead.leave('another');
  expect([bulkhead.inFlight, bulkhead.queued]).toEqual([0, 0]);
  expect(sent).toEqual([]);
});

test('nothing is planned for a caller who leaves while an attempt fails', async () => {
  let retries = 0;
  const { chain } = startChain(() => void (retries += 1));
  const signal = new LightCancellation();
  const failure = new UpstreamError({ kind: 'unavailable', reason: 'http_503', retryAfterMs: 29_000 });
  const read = chain('', { signal, deadlineAtMs: Infinity, observer: undefined }, () => {
    signal.abort(new Error('left'));
    return Promise.reject(failure);
  });
  await expect(read).rejects.toBe(failure);
  expect(retries).toBe(0);
});
