import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** What is to be known of an exchange that has not ended. */
interface OpenExchange {
  readonly request: IncomingMessage;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  /** Its index among the open exchanges. */
  position: number;
}

/**
 * The exchanges that have not ended.
 *
 * An array in which the last one takes the place of one that ends. In a Map or a Set that changes with every
 * request, V8 keeps each table that was outgrown until the next full collection, and with it the requests that
 * it held.
 */
export class OpenExchanges<Exchange extends OpenExchange> {
  readonly #exchanges: Exchange[] = [];
  /** Requests that were answered before they had arrived in full, by their connection. */
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

  /** Whether what comes over a connection belongs to a request that has its answer. */
  isAnswered(socket: Duplex): boolean {
    return this.#unfinished.get(socket)?.complete === false;
  }

  /** The exchanges of one connection. */
  listOf(socket: Duplex): Exchange[] {
    return this.#exchanges.filter(({ request }) => request.socket === socket);
  }

  /** The one of a connection's exchanges that began last. */
  lastOf(socket: Duplex): Exchange | undefined {
    let last: Exchange | undefined;
    for (const exchange of this.listOf(socket)) {
      if (last === undefined || exchange.startedAt >= last.startedAt) last = exchange;
    }
    return last;
  }

  /** Those of this moment. */
  list(): Exchange[] {
    return [...this.#exchanges];
  }
}
