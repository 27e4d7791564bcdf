import { createCallerAccount } from '../http/caller-account.ts';
import type { CallerAccount } from '../http/caller-account.ts';

/** The accounts of the callers that have something under way. */
export interface Callers {
  /** Opens an exchange of the caller's, which `leave` ends. */
  enter(caller: string): CallerAccount;
  leave(account: CallerAccount): void;
}

/** So many accounts without an exchange stay: a Map that changes with every request keeps what it outgrew. */
const maxIdle = 1_000;

export function createCallers(): Callers {
  const accounts = new Map<string, CallerAccount>();
  return {
    enter(caller) {
      let account = accounts.get(caller);
      if (account === undefined) accounts.set(caller, (account = createCallerAccount(caller)));
      account.exchanges += 1;
      return account;
    },
    leave(account) {
      account.exchanges -= 1;
      if (account.exchanges === 0 && accounts.size > maxIdle) accounts.delete(account.caller);
    },
  };
}
