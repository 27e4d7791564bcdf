import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { createMemoryLedger } from '../../src/server/admission/memory-ledger.ts';
import { createCallerAccount } from '../../src/server/http/caller-account.ts';
import { openExchange } from '../../src/server/http/exchange.ts';
import type { Exchange } from '../../src/server/http/exchange.ts';
import { createMediaTypeNegotiator } from '../../src/server/http/media-type.ts';
import { OpenExchanges } from '../../src/server/http/open-exchanges.ts';
import { createRequestWatch } from '../../src/server/http/request-watch.ts';
import { Timeouts } from '../../src/shared/timeouts.ts';

const budgetBytes = 1_000_000;
/** An exchange that holds more is large. */
const smallBytes = 16_384;

/** A ledger, and exchanges of named callers without a connection. */
function startLedger() {
  const open = new OpenExchanges<Exchange>();
  const cached = { bytes: 0 };
  const ledger = createMemoryLedger({
    budgetBytes,
    cachedBytes: () => cached.bytes,
    openExchanges: () => open.list(),
  });
  const unassigned = createCallerAccount('');
  const accounts = new Map<string, Exchange['account']>();
  const server = {
    isDraining: false,
    unassigned,
    ledger,
    writeTimeouts: new Timeouts(30_000),
    negotiate: createMediaTypeNegotiator(),
    watch: createRequestWatch({ logger: createLogger('silent') }),
    open,
  };
  /** Opens an exchange that holds so many bytes, later than those before. */
  function hold(caller: string, bytes: number): Exchange {
    const request = new IncomingMessage(new Socket());
    const exchange = openExchange(request, new ServerResponse(request), '/graphql', server);
    const account = accounts.get(caller) ?? createCallerAccount(caller);
    accounts.set(caller, account);
    ledger.assign(exchange, account);
    ledger.add(exchange, bytes - exchange.heldBytes);
    return exchange;
  }
  return { ledger, unassigned, cached, open, hold };
}

const isEnded = ({ request, isEvicted, heldBytes }: Exchange) =>
  request.socket.destroyed && isEvicted && heldBytes === 0;

test('over the budget, the oldest large exchange of the caller that holds the most is ended, and no other', () => {
  const { ledger, hold } = startLedger();
  const other = hold('other', 400_000);
  const little = hold('one', smallBytes);
  const [first, second] = [hold('one', 200_000), hold('one', 300_000)];
  const all = [other, little, first, second];
  ledger.add(second, 1_000_000 - 400_000 - smallBytes - 500_000);
  expect(all.map(isEnded)).toEqual([false, false, false, false]);
  ledger.add(second, 1);
  expect(all.map(isEnded)).toEqual([false, false, true, false]);
  // What it goes on to receive is nobody's.
  ledger.add(first, 10);
  expect([first.heldBytes, first.account.bytes]).toEqual([0, second.heldBytes + little.heldBytes]);
  // Now the other caller holds more than this one, once this one has no large exchange but its own.
  ledger.add(other, 300_000);
  expect(all.map(isEnded)).toEqual([true, false, true, false]);
});

test('a small exchange is spared, however old it is', () => {
  const { ledger, hold } = startLedger();
  const earliest = hold('another', 20_000);
  const small = hold('one', smallBytes);
  const large = hold('one', 500_000);
  // The list of the open exchanges goes by no age: the last one takes the place of one that ends.
  earliest.response.emit('close');
  ledger.add(large, 500_000);
  expect([small, large].map(isEnded)).toEqual([false, true]);
});

test('as many are ended as it takes', () => {
  const { hold } = startLedger();
  const earlier = [hold('one', 300_000), hold('one', 300_000), hold('one', 300_000)];
  const large = hold('one', 700_000);
  expect([...earlier, large].map(isEnded)).toEqual([true, true, false, false]);
});

test('where no exchange is large, the one that holds the most is ended', () => {
  const { ledger, hold } = startLedger();
  const many = Array.from({ length: 100 }, (_, index) => hold('many', index === 40 ? 9_900 : 9_000));
  const few = hold('few', 90_000);
  ledger.add(few, 10_000);
  const ended = [...many, few].filter(isEnded);
  expect(ended).toEqual([many[40]]);
});

test('a write is not ended, and neither is anything where there is nothing else', () => {
  const { ledger, hold } = startLedger();
  const write = hold('one', 500_000);
  write.statistics.operationType = 'mutation';
  const read = hold('one', 400_000);
  ledger.add(write, 200_000);
  expect([write, read].map(isEnded)).toEqual([false, true]);
  ledger.add(write, 500_000);
  expect([isEnded(write), write.heldBytes]).toEqual([false, 1_200_000]);
});

test('what caches hold is a part of the budget', () => {
  const { ledger, cached, hold } = startLedger();
  const exchange = hold('one', 600_000);
  cached.bytes = 400_000;
  ledger.add(exchange, 0);
  expect(isEnded(exchange)).toBe(false);
  cached.bytes += 1;
  ledger.add(exchange, 0);
  expect(isEnded(exchange)).toBe(true);
});

test('what an exchange holds is its caller’s, and nobody’s after its end', () => {
  const { ledger, unassigned, hold } = startLedger();
  const exchange = hold('one', 50_000);
  expect([exchange.account.bytes, unassigned.bytes]).toEqual([50_000, 0]);
  ledger.release(exchange);
  expect([exchange.account.bytes, exchange.heldBytes]).toEqual([0, 0]);
});

test('large work finds room below three quarters of the budget, and above that within the caller’s share', () => {
  const { ledger, cached, hold } = startLedger();
  cached.bytes = 100_000;
  const one = hold('one', 520_000);
  const other = hold('other', 80_000);
  const hasRoom = (exchange: Exchange, bytes: number) => ledger.hasRoomFor(exchange, bytes);
  expect([hasRoom(one, 50_000), hasRoom(one, 50_001)]).toEqual([true, false]);
  // A caller that holds little is not counted among those who share.
  hold('little', smallBytes);
  expect([hasRoom(other, 420_000), hasRoom(other, 420_001)]).toEqual([true, false]);
  hold('third', smallBytes + 1);
  expect([hasRoom(other, 253_333), hasRoom(other, 253_334)]).toEqual([true, false]);
});
