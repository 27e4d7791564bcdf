import { createCallerAccount } from '../http/caller-account.ts';
import type { CallerAccount } from '../http/caller-account.ts';

/** The accounts of callers. */
export interface Callers {
  accountOf(caller: string): CallerAccount;
  /** Drops the accounts of callers that have nothing under way. Called at intervals. */
  sweep(): void;
}

/** So many accounts stay, whether they are in use or not: a Map that changes with each request retains what it outgrew. */
const maxIdle = 1_000;

export function createCallers(): Callers {
  const accounts = new Map<string, CallerAccount>();
  return {
    accountOf(caller) {
      let account = accounts.get(caller);
      if (account === undefined) accounts.set(caller, (account = createCallerAccount(caller)));
      return account;
    },
    sweep() {
      if (accounts.size <= maxIdle) return;
      for (const [caller, { bytes, reads, waiting }] of accounts) {
        // An exchange that is open holds some bytes.
        if (bytes === 0 && reads === 0 && waiting.size === 0) accounts.delete(caller);
      }
    },
  };
}
