import type { Exchange } from './exchange.ts';

/**
 * The exchanges that have not ended.
 *
 * An array in which the last one takes the place of one that ends. In a Map or a Set that changes with every
 * request, V8 keeps each table that was outgrown until the next full collection, and with it the requests that
 * it held.
 */
export class OpenExchanges {
  readonly #exchanges: Exchange[] = [];

  add(exchange: Exchange): void {
    exchange.position = this.#exchanges.push(exchange) - 1;
  }

  delete({ position }: Exchange): void {
    const last = this.#exchanges.pop();
    if (last === undefined || last.position === position) return;
    this.#exchanges[position] = last;
    last.position = position;
  }

  /** Those of this moment. */
  list(): Exchange[] {
    return [...this.#exchanges];
  }
}
