/** An item's place in a queue; out of it both neighbours are undefined. */
export interface Entry<Item> {
  readonly item: Item;
  before: Entry<Item> | undefined;
  after: Entry<Item> | undefined;
}

/**
 * First in, first out, and anything may leave at any time.
 *
 * A doubly linked list, whose links are cut as its items leave. In a Set that changes with every request, V8
 * keeps each table that was outgrown until the next full collection, and with it the requests that it held.
 */
export class Queue<Item> {
  #first: Entry<Item> | undefined;
  #last: Entry<Item> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Entry<Item> | undefined {
    return this.#first;
  }

  get last(): Entry<Item> | undefined {
    return this.#last;
  }

  add(item: Item): Entry<Item> {
    const entry: Entry<Item> = { item, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    this.#size += 1;
    return entry;
  }

  /** Does nothing for an entry that has left. */
  delete(entry: Entry<Item>): void {
    const { before, after } = entry;
    if (before === undefined && this.#first !== entry) return;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.before = undefined;
    entry.after = undefined;
    this.#size -= 1;
  }
}
