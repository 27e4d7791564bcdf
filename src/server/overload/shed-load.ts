import type { IncomingMessage } from 'node:http';
import { refuse } from '../exchange.ts';
import type { Exchange, Route } from '../exchange.ts';
import { Refusal } from '../refusal.ts';
import type { Admission } from './admission.ts';

/** How much of its waiting line at Bluejay a request's caller has filled, from 0 to 1. */
export type BacklogOf = (request: IncomingMessage) => number;

const retryAfterSeconds = 1;

/** One for all: under overload nothing is made that need not be. */
const overloaded = new Refusal(
  503,
  'OVERLOADED',
  'The gateway has too much to do at the moment; try again later.',
  { 'retry-after': String(retryAfterSeconds) },
  { retryable: true, retryAfterMs: retryAfterSeconds * 1_000 },
);

/** Refuses requests that there is no room or no time for, before their body is read where that is known. */
export function shedLoad(route: Route, admission: Admission, backlogOf: BacklogOf): Route {
  return (exchange) => {
    if (!admission.allows(backlogOf(exchange.request))) return refuse(exchange, overloaded);
    exchange.admission = admission;
    return route(exchange);
  };
}

/**
 * Lets a request that has arrived in full be executed.
 *
 * @returns undefined where it may be at once, else resolves when it may
 * @throws {Refusal} 503 where there is no place
 */
export function admit(exchange: Exchange): Promise<void> | undefined {
  const { admission } = exchange;
  if (admission === undefined) return undefined;
  if (!admission.enter()) throw overloaded;
  exchange.isAdmitted = true;
  return admission.turn();
}
