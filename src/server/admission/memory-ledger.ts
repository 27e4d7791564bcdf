import type { CallerAccount } from '../http/caller-account.ts';
import { sendRefusal } from '../http/exchange.ts';
import type { Exchange, Ledger } from '../http/exchange.ts';
import { overloaded } from './overloaded.ts';

export interface MemoryLedgerOptions {
  /** The most bytes that the process may hold for its clients, caches included. */
  readonly budgetBytes: number;
  /** The bytes that caches take, which belong to nobody. */
  readonly cachedBytes: () => number;
  /** The exchanges that have not ended. */
  readonly openExchanges: () => Iterable<Exchange>;
}

/** Over this share of the budget, large work is refused to callers that hold more than their share. */
const lowWatermark = 0.75;

/** An exchange that holds less is not worth ending. */
const smallBytes = 16_384;

/**
 * Counts what the process holds on behalf of each caller: headers, bodies and what they parse to, answers of the
 * upstream, answers that were not taken. Each has a limit of its own; this is the limit on all of them together.
 *
 * Over the budget, exchanges are ended: the oldest large one of the caller that holds the most, until it is met again.
 */
export function createMemoryLedger(options: MemoryLedgerOptions): Ledger {
  const { budgetBytes, cachedBytes, openExchanges } = options;
  let heldBytes = 0;

  const shareOf = (accounts: ReadonlySet<CallerAccount>) => budgetBytes / Math.max(1, accounts.size);

  /** The callers that hold more than a little. */
  function findHolders(): Set<CallerAccount> {
    const accounts = new Set<CallerAccount>();
    for (const { account } of openExchanges()) if (account.bytes > smallBytes) accounts.add(account);
    return accounts;
  }

  function findVictim(): Exchange | undefined {
    let largest: CallerAccount | undefined;
    for (const account of findHolders()) {
      if (largest === undefined || account.bytes > largest.bytes) largest = account;
    }
    let victim: Exchange | undefined;
    for (const exchange of openExchanges()) {
      if (exchange.account !== largest || exchange.heldBytes === 0) continue;
      // A write may have been applied: its caller must hear what became of it.
      if (exchange.statistics.operationType === 'mutation') continue;
      if (victim === undefined || isBetterVictim(exchange, victim)) victim = exchange;
    }
    return victim;
  }

  function release(exchange: Exchange): void {
    const { heldBytes: bytes } = exchange;
    exchange.heldBytes = 0;
    exchange.account.bytes -= bytes;
    heldBytes -= bytes;
  }

  function meetBudget(): void {
    while (heldBytes + cachedBytes() > budgetBytes) {
      const victim = findVictim();
      if (victim === undefined) return;
      release(victim);
      victim.isEvicted = true;
      cutOff(victim);
    }
  }

  return {
    add(exchange, bytes) {
      if (exchange.isEvicted) return;
      exchange.heldBytes += bytes;
      exchange.account.bytes += bytes;
      heldBytes += bytes;
      if (heldBytes > budgetBytes / 2) meetBudget();
    },
    release,
    assign(exchange, account) {
      const { heldBytes: bytes } = exchange;
      exchange.account.bytes -= bytes;
      exchange.account = account;
      account.bytes += bytes;
    },
    hasRoomFor({ account }, bytes) {
      if (heldBytes + cachedBytes() + bytes <= budgetBytes * lowWatermark) return true;
      return account.bytes + bytes <= shareOf(findHolders().add(account));
    },
  };
}

/** The oldest of those that hold much; where none does, the one that holds the most. */
function isBetterVictim(exchange: Exchange, victim: Exchange): boolean {
  const isLarge = exchange.heldBytes > smallBytes;
  if (isLarge && victim.heldBytes > smallBytes) return exchange.startedAt < victim.startedAt;
  return exchange.heldBytes > victim.heldBytes;
}

/** Ends an exchange: with a refusal where its answer has not begun and no other comes before it. */
function cutOff(exchange: Exchange): void {
  const { request, response } = exchange;
  exchange.discardBody?.();
  if (response.headersSent || response.socket === null) request.socket.destroy();
  else sendRefusal(exchange, overloaded);
}
