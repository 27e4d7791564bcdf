import type { IncomingMessage } from 'node:http';
import { sendRefusal } from '../http/exchange.ts';
import type { Exchange, Route } from '../http/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import type { Admission } from './admission.ts';
import type { Batches } from './batches.ts';

export interface ShedLoadOptions {
  readonly admission: Admission;
  readonly batches: Batches;
  /** Who is answerable for a request. */
  readonly callerOf: (request: IncomingMessage) => string;
  /** How much of its waiting line at Bluejay a caller has filled, from 0 to 1. */
  readonly backlogOf: (caller: string) => number;
}

const retryAfterSeconds = 1;

/** Up to so many bytes have room for few reads: whether there are several is found out once they are read. */
const smallBodyBytes = 2_048;

/** One for all: under overload nothing is made that need not be. */
const overloaded = new Refusal(
  503,
  'OVERLOADED',
  'The gateway has too much to do at the moment; try again later.',
  { 'retry-after': String(retryAfterSeconds) },
  { retryable: true, retryAfterMs: retryAfterSeconds * 1_000 },
);

/** Refuses requests that there is no room or no time for, before their body is read where that is known. */
export function shedLoad(route: Route, options: ShedLoadOptions): Route {
  const { admission, batches, callerOf, backlogOf } = options;
  return (exchange) => {
    const { request } = exchange;
    const caller = callerOf(request);
    // Single reads are not to suffer from the batches of others that the gateway cannot tell from their caller.
    const isSmall = hasSmallBody(request);
    if (!admission.allows(backlogOf(caller)) || (!isSmall && !batches.hasRoom(caller))) {
      return sendRefusal(exchange, overloaded);
    }
    exchange.admission = admission;
    exchange.reserve = (reads) => {
      if (reads <= 1) return undefined;
      if (!admission.allowsBatch(backlogOf(caller)) || (isSmall && !batches.hasRoom(caller)))
        throw overloaded;
      exchange.releaseReads = () => batches.leave(caller, reads);
      return batches.enter(caller, reads);
    };
    return route(exchange);
  };
}

function hasSmallBody({ headers }: IncomingMessage): boolean {
  return (
    headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= smallBodyBytes
  );
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
  return admission.turn();
}

/** Gives its place to another one; once for each request that `admit` did not throw for. */
export function release({ admission, releaseReads }: Exchange): void {
  admission?.leave();
  releaseReads?.();
}
