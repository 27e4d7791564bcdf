import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** The part of an exchange that `OpenExchanges` needs. */
interface OpenExchange {
  readonly request: IncomingMessage;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  /** Its index among the open exchanges. */
  position: number;
}

/**
 * Lists the exchanges that have not ended.
 *
 * Uses an array in which the last exchange takes the place of one that ends. A Map or Set that changes with every request
 * grows new tables, and V8 retains the old ones, and the requests in them, until the next full collection.
 */
export class OpenExchanges<Exchange extends OpenExchange> {
  readonly #exchanges: Exchange[] = [];
  /** The requests that were answered before they had arrived in full, by connection. */
  readonly #unfinished = new WeakMap<Duplex, IncomingMessage>();

  add(exchange: Exchange): void {
    exchange.position = this.#exchanges.push(exchange) - 1;
  }

  delete({ position, request }: Exchange): void {
    if (!request.complete) this.#unfinished.set(request.socket, request);
    const last = this.#exchanges.pop();
    if (last === undefined || last.position === position) return;
    this.#exchanges[position] = last;
    last.position = position;
  }

  /** Returns whether the bytes that arrive on a connection belong to a request that was answered already. */
  isAnswered(socket: Duplex): boolean {
    return this.#unfinished.get(socket)?.complete === false;
  }

  /** Returns the open exchanges of a connection. */
  listOf(socket: Duplex): Exchange[] {
    return this.#exchanges.filter(({ request }) => request.socket === socket);
  }

  /** Returns the open exchange of a connection that began last. */
  lastOf(socket: Duplex): Exchange | undefined {
    let last: Exchange | undefined;
    for (const exchange of this.listOf(socket)) {
      if (last === undefined || exchange.startedAt >= last.startedAt) last = exchange;
    }
    return last;
  }

  /** Returns a copy of the list. */
  list(): Exchange[] {
    return [...this.#exchanges];
  }
}
