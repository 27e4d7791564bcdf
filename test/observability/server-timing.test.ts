import { expect, test } from 'vitest';
import { exampleId, startGateway, unknownId } from '../support/gateway.ts';

const body = { query: `{ personas(ids: ["${exampleId}", "${unknownId}"]) { id } }` };
const asking = { 'x-server-timing': '1' };

test('an answer says what took its time where the operator allows it and the client asks', async () => {
  const gateway = await startGateway({ serverTiming: true, cache: { ttlMs: 60_000 } });
  gateway.sandbox.faults.add({ fault: { kind: 'delay', delayMs: 30 } });
  const first = (await gateway.post(body, asking)).headers.get('server-timing') ?? '';
  const [, total, upstream] =
    /^total;dur=([\d.]+), upstream;dur=([\d.]+);desc="calls 2", cache;desc="miss 2"$/.exec(first) ?? [];
  expect(Number(upstream)).toBeGreaterThan(25);
  expect(Number(total)).toBeGreaterThanOrEqual(Number(upstream));
  const second = (await gateway.post(body, asking)).headers.get('server-timing');
  expect(second).toMatch(/upstream;dur=[\d.]+;desc="calls 1", cache;desc="hit 1, miss 1"$/);
  const schema = (await gateway.post({ query: '{ __typename }' }, asking)).headers.get('server-timing');
  expect(schema).toMatch(/upstream;dur=0\.0;desc="calls 0", cache;desc="unused"$/);
});

test('who does not ask gets none', async () => {
  const gateway = await startGateway({ serverTiming: true });
  for (const headers of [{}, { 'x-server-timing': '0' }]) {
    expect((await gateway.post(body, headers)).headers.has('server-timing')).toBe(false);
  }
});

test('strangers get none for asking: it is off unless the operator turns it on', async () => {
  const gateway = await startGateway();
  expect((await gateway.post(body, asking)).headers.has('server-timing')).toBe(false);
});
